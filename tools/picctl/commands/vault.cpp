// The vault: certificates, named secrets, and the kit that brings it all back.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/qr.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Fields certificate_fields{
    {"purpose", "server or client (server)"},
    {"subject", "the common name (the first name)"},
    {"days", "how long it is valid (90)", Kind::number},
};
const Parameter certificate_parameter{.name = "certificate", .help = "its id", .required = true};
const Parameter out_file{.name = "--out", .help = "write it to this file, mode 0600"};

void write_or_print(Session& session, const Arguments& arguments, const std::string& text) {
    if (!arguments.has("--out")) {
        session.terminal().out << text;
        return;
    }
    write_private_file(arguments.text("--out"), text);
    session.terminal().out << fmt::format("Wrote {} (readable by you alone).\n", arguments.text("--out"));
}

// --- certificates

void show_authority(Session& session, const Arguments& /*arguments*/) {
    const auto authority = session.get("/vault/ca");
    if (session.show_json(authority)) return;
    auto& out = session.terminal().out;
    out << fmt::format("Root, SHA-256 {}\n", authority.at("root_fingerprint").get<std::string>());
    out << fmt::format("Its key is {}.\n\n",
                       authority.at("has_root_key").get<bool>() ? "in the vault" : "kept elsewhere");
    out << authority.at("root").get<std::string>();
}

void make_authority(Session& session, const Arguments& /*arguments*/) {
    session.show_change(session.change("POST", "/vault/ca", json::object()),
                        "Made the certificate authority");
}

const std::vector<std::pair<std::string, std::string>> root_types{
    {"pem", "application/x-pem-file"},
    {"der", "application/pkix-cert"},
    {"mobileconfig", "application/x-apple-aspen-config"}};

void root_certificate(Session& session, const Arguments& arguments) {
    const auto form = arguments.text("--format", root_types.front().first);
    const auto type = std::ranges::find(root_types, form, &std::pair<std::string, std::string>::first);
    write_or_print(session, arguments, session.get_text("/vault/ca/root", type->second, "format=" + form));
}

void renew_authority(Session& session, const Arguments& arguments) {
    json body = json::object();
    if (arguments.has("--root-key")) body["root_key"] = read_file(arguments.text("--root-key"));
    session.show_change(session.change("POST", "/vault/ca/intermediate", body), "Renewed the intermediate");
}

void take_root_key(Session& session, const Arguments& arguments) {
    const auto answer = session.change("POST", "/vault/ca/root-key", json::object());
    if (session.options().json || session.options().dry_run)
        return session.show_change(answer, "Took the root's key out of the vault");
    write_private_file(arguments.text("file"), answer.at("resource").at("private_key").get<std::string>());
    session.show_change(answer,
                        fmt::format("Took the root's key out of the vault, into {}. Keep it where you keep "
                                    "your passport: nothing else renews the intermediate",
                                    arguments.text("file")));
}

void list_certificates(Session& session, const Arguments& /*arguments*/) {
    const auto all = session.list("/vault/certificates");
    if (session.show_json({{"items", all}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, all,
               {{"SUBJECT", "subject"},
                {"FOR", "service"},
                {"UNTIL", "not_after"},
                {"REVOKED", "revoked_at"},
                {"ID", "id"}},
               "No certificates.");
}

void issue(Session& session, const Arguments& arguments) {
    auto body = object_from_options(certificate_fields, arguments);
    if (const auto names = arguments.all("names"); !names.empty()) body["sans"] = names;
    if (arguments.has("--csr")) body["csr"] = read_file(arguments.text("--csr"));
    const auto answer = session.change("POST", "/vault/certificates", body);
    if (session.options().json || session.options().dry_run || !answer.contains("resource")) {
        session.show_change(answer, "Issued");
        return;
    }
    const auto& made = answer.at("resource");
    const auto chain = session.get_text("/vault/certificates/" + made.at("id").get<std::string>() + "/chain",
                                        "application/pem-certificate-chain");
    session.show_change(
        answer, fmt::format("Issued a certificate for {}, until {}", made.at("subject").get<std::string>(),
                            made.at("not_after").get<std::string>()));
    write_or_print(session, arguments, made.value("private_key", "") + chain);
}

void show_certificate(Session& session, const Arguments& arguments) {
    const auto path = "/vault/certificates/" + percent_encoded(arguments.text("certificate"));
    if (arguments.has("--chain"))
        return write_or_print(session, arguments,
                              session.get_text(path + "/chain", "application/pem-certificate-chain"));
    const auto certificate = session.get(path);
    if (!session.show_json(certificate)) print_object(session.terminal().out, certificate);
}

void revoke(Session& session, const Arguments& arguments) {
    const auto path = "/vault/certificates/" + arguments.text("certificate") + "/revoke";
    const auto body =
        arguments.has("--reason") ? json{{"reason", arguments.text("--reason")}} : json::object();
    session.show_change(session.change("POST", path, body), "Revoked, for ever");
}

void crl(Session& session, const Arguments& arguments) {
    write_or_print(session, arguments,
                   session.get_text("/vault/crl", "application/x-pem-file", "format=pem"));
}

// --- named secrets

const Fields secret_fields{
    {"description", "what it is for"},
    {"rotate_days", "how old a value should become", Kind::number},
};
const Parameter secret_name{.name = "name", .help = "its name", .required = true};
const Parameter version_option{
    .name = "--version", .help = "an older one that is kept (the current one)", .kind = Kind::number};

std::vector<Parameter> value_options() {
    return {{.name = "--value-stdin",
             .help = "read the value from standard input (else PIC_SECRET, else it is asked)",
             .kind = Kind::flag},
            {.name = "--file", .help = "the value is this file's content"},
            {.name = "--generate", .help = "let the cell make a random one", .kind = Kind::flag}};
}

/// `must`: there has to be a value, so that it is asked for where no option brings one.
json secret_body(Session& session, const Arguments& arguments, bool must) {
    auto body = object_from_options(secret_fields, arguments);
    const bool from_stdin = arguments.has("--value-stdin");
    if (arguments.has("--generate")) {
        body["generate"] = true;
    } else if (arguments.has("--file")) {
        body["value"] = read_file(arguments.text("--file"));
    } else if (must || from_stdin) {
        body["value"] = secret_from(session.terminal(), {.what = "The secret",
                                                         .variable = "PIC_SECRET",
                                                         .option = "--value-stdin",
                                                         .from_stdin = from_stdin,
                                                         .twice = true});
    }
    return body;
}

std::string path_of_secret(const Arguments& arguments) { return "/vault/secrets/" + arguments.text("name"); }

void add_secret(Session& session, const Arguments& arguments) {
    auto body = secret_body(session, arguments, true);
    body["name"] = arguments.text("name");
    session.show_change(session.change("POST", "/vault/secrets", body),
                        "Keeps the secret " + arguments.text("name"));
}

/// Without words of its own, set is a rotation.
void set_secret(Session& session, const Arguments& arguments) {
    const bool words = arguments.has("--description") || arguments.has("--rotate-days");
    session.show_change(
        session.change("PUT", path_of_secret(arguments), secret_body(session, arguments, !words)),
        "Changed the secret " + arguments.text("name"));
}

void list_secrets(Session& session, const Arguments& /*arguments*/) {
    auto all = session.list("/vault/secrets");
    if (session.show_json({{"items", all}, {"next_cursor", nullptr}})) return;
    for (auto& secret : all) secret["rotated_at"] = secret.at("versions").back().at("created_at");
    print_list(session.terminal().out, all,
               {{"NAME", "name"},
                {"CHANGED", "rotated_at"},
                {"EVERY DAYS", "rotate_days"},
                {"LAST SHOWN", "revealed_at"},
                {"FOR", "description"}},
               "No secrets.");
}

void show_secret(Session& session, const Arguments& arguments) {
    const auto secret = session.get(path_of_secret(arguments));
    if (session.show_json(secret)) return;
    print_object(session.terminal().out, secret);
}

void reveal_secret(Session& session, const Arguments& arguments) {
    json body = json::object();
    if (arguments.has("--version")) body["version"] = std::stoul(arguments.text("--version"));
    const auto answer = session.change("POST", path_of_secret(arguments) + "/reveal", body);
    if (session.show_json(answer)) return;
    const auto value = answer.at("value").get<std::string>();
    if (arguments.has("--out")) return write_or_print(session, arguments, value);
    const auto shown = session.terminal().out_is_tty ? printable(value, true) : value;
    session.terminal().out << shown << '\n';
}

void remove_secret(Session& session, const Arguments& arguments) {
    session.show_change(session.change("DELETE", path_of_secret(arguments), {}),
                        fmt::format("Destroyed the secret {} and all its versions", arguments.text("name")));
}

Verbs secret_verbs() {
    return {
        {"vault secret add", Role::command, "keep a secret",
         std::vector<Parameter>{secret_name} + options_for(secret_fields) + value_options(), add_secret},
        {"vault secret list", Role::query, "what is kept, without values", {}, list_secrets},
        {"vault secret show", Role::query, "what is said about one", {secret_name}, show_secret},
        {"vault secret set", Role::command, "a new value (rotation), or other words about it",
         std::vector<Parameter>{secret_name} + options_for(secret_fields) + value_options(), set_secret},
        {"vault secret reveal",
         Role::local,
         "look at a value; the look is recorded",
         {secret_name, version_option, out_file},
         reveal_secret},
        {"vault secret remove", Role::command, "destroy one, for good", {secret_name}, remove_secret},
    };
}

// --- the vault's own key

void recovery_kit(Session& session, const Arguments& /*arguments*/) {
    const auto answer = session.change("POST", "/vault/recovery-kit", json::object());
    if (session.show_json(answer)) return;
    auto& out = session.terminal().out;
    const auto kit = answer.at("kit").get<std::string>();
    out << "The recovery kit of this cell's vault: whoever has it and the vault.db opens every secret.\n"
           "Print it, keep it where you keep your passport, and try it: picctl vault drill\n\n    "
        << printable(kit) << "\n\n";
    print_qr(out, kit, session.terminal().out_is_tty);
}

void drill(Session& session, const Arguments& arguments) {
    const auto kit = secret_from(session.terminal(), {.what = "Recovery kit, as it is on the paper",
                                                      .variable = "PIC_RECOVERY_KIT",
                                                      .option = "--kit-stdin",
                                                      .from_stdin = arguments.has("--kit-stdin"),
                                                      .twice = false});
    const auto answer = session.change("POST", "/vault/recovery-kit/drill", {{"kit", kit}});
    if (session.show_json(answer)) return;
    session.terminal().out << fmt::format(
        "The kit is good: it opened a copy of the vault, {} secrets in all.\n",
        answer.at("secrets").get<int>());
}

void change_master_key(Session& session, const Arguments& arguments) {
    json body = json::object();
    if (arguments.has("--passphrase") || arguments.has("--passphrase-stdin")) {
        body["passphrase"] =
            secret_from(session.terminal(), {.what = "New passphrase of the vault",
                                             .variable = "PIC_VAULT_PASSPHRASE",
                                             .option = "--passphrase-stdin",
                                             .from_stdin = arguments.has("--passphrase-stdin"),
                                             .twice = true});
    }
    const auto answer = session.change("POST", "/vault/master-key", body);
    if (session.show_json(answer)) return;
    session.terminal().out << (answer.at("opened_by") == "passphrase"
                                   ? "Done. From now on start picd with --passphrase-file.\n"
                                   : "Done. Older recovery kits are void: picctl vault recovery-kit\n");
}

Verbs certificate_verbs() {
    return {
        {"vault ca", Role::query, "the certificate authority's root", {}, show_authority},
        {"vault ca make", Role::command, "make it, in a cell from before there was one", {}, make_authority},
        {"vault ca root", Role::local, "the root, for a device that is to trust it",
         std::vector<Parameter>{{.name = "--format",
                                 .help = "pem, der, or mobileconfig: a profile for Apple's devices (pem)",
                                 .choices = {"pem", "der", "mobileconfig"}},
                                out_file},
         root_certificate},
        {"vault ca renew",
         Role::command,
         "a new certificate for the intermediate",
         {{.name = "--root-key", .help = "the root's key, where it is kept elsewhere (PEM file)"}},
         renew_authority},
        {"vault ca take-root-key",
         Role::command,
         "take the root's key out of the vault, to be kept offline",
         {{.name = "file", .help = "where to write it, mode 0600", .required = true}},
         take_root_key},
        {"vault certificate issue", Role::command, "issue one, with a new key or for a request",
         std::vector<Parameter>{
             {.name = "names", .help = "host names, private addresses, e-mail addresses", .repeats = true}} +
             options_for(certificate_fields) +
             std::vector<Parameter>{{.name = "--csr", .help = "a PEM request, instead of a new key"},
                                    out_file},
         issue},
        {"vault certificate list", Role::query, "what was issued", {}, list_certificates},
        {"vault certificate show",
         Role::query,
         "show one",
         {certificate_parameter,
          {.name = "--chain", .help = "as PEM, with the intermediate", .kind = Kind::flag},
          out_file},
         show_certificate},
        {"vault certificate revoke",
         Role::command,
         "take one back, for ever",
         {certificate_parameter,
          {.name = "--reason",
           .help = "why",
           .choices = {"unspecified", "key_compromise", "affiliation_changed", "superseded",
                       "cessation_of_operation", "privilege_withdrawn"}}},
         revoke},
        {"vault crl", Role::local, "the revocation list, as PEM", {out_file}, crl},
    };
}

}  // namespace

Verbs vault_verbs() {
    Verbs all = certificate_verbs();
    for (auto& verb : secret_verbs()) all.push_back(std::move(verb));
    all.push_back({"vault recovery-kit",
                   Role::local,
                   "the master key for a piece of paper, with its QR code",
                   {},
                   recovery_kit});
    all.push_back({"vault drill",
                   Role::local,
                   "open a copy of the vault with what is on the paper",
                   {{.name = "--kit-stdin",
                     .help = "read it from standard input (else PIC_RECOVERY_KIT, else it is asked)",
                     .kind = Kind::flag}},
                   drill});
    all.push_back(
        {"vault change-master-key",
         Role::local,
         "a new key for the whole vault, while it runs",
         {{.name = "--passphrase",
           .help = "open it by a passphrase from now on, which is asked",
           .kind = Kind::flag},
          {.name = "--passphrase-stdin", .help = "read that from standard input", .kind = Kind::flag}},
         change_master_key});
    return all;
}

}  // namespace pic::cli
