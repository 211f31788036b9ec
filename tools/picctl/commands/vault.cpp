// The vault: certificates, and the kit that brings it all back.
#include <fmt/format.h>

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
        {"vault certificate issue", Role::command, "issue one, with a new key or for a request",
         std::vector<Parameter>{
             {.name = "names", .help = "host names, private addresses, e-mail addresses", .repeats = true}} +
             options_for(certificate_fields) +
             std::vector<Parameter>{{.name = "--csr", .help = "a PEM request, instead of a new key"},
                                    out_file},
         issue},
        {"vault certificate list", Role::query, "what was issued", {}, list_certificates},
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
