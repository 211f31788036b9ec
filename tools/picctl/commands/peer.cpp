// The devices of the VPN.
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

const Fields peer_fields{
    {"public_key", "its own WireGuard key; left out, a pair is made"},
    {"address", "IPv4 in the VPN (the next free one)"},
    {"address6", "IPv6 in the VPN"},
    {"allowed_ips", "what the device sends through the tunnel", Kind::list},
    {"preshared_key", "a preshared key on top", Kind::boolean},
    {"keepalive", "seconds", Kind::number},
    {"expires_at", "when it ends, RFC 3339"},
    {"enabled", "may connect", Kind::boolean},
    {"internet", "may leave by the cell", Kind::boolean},
    {"services", "the services it may reach (all)", Kind::list},
    {"owner", "whose it is"},
    {"lans", "networks behind it", Kind::list},
    {"keep_key", "keep the private key after its config was fetched", Kind::boolean},
};
const Fields rotate_fields{{"public_key", "the device's new key; left out, a pair is made"},
                           peer_fields.back()};
const Fields link_fields{{"expires_in", "seconds that the link lives (3600)", Kind::number}};

const Parameter peer_parameter{.name = "peer", .help = "name or id", .required = true};

Fields with_name() {
    Fields fields{{"name", "its name, a hostname label"}};
    fields.insert(fields.end(), peer_fields.begin(), peer_fields.end());
    return fields;
}

std::string path_of(Session& session, const Arguments& arguments) {
    return "/peers/" + session.id_of("/peers", arguments.text("peer"), "peer");
}

void add(Session& session, const Arguments& arguments) {
    auto body = object_from_options(peer_fields, arguments);
    const auto name = arguments.text("name");
    body["name"] = name;
    const auto answer = session.change("POST", "/peers", body);
    session.show_change(answer, fmt::format("Added peer {}", name));
    if (session.options().json || session.options().dry_run) return;
    auto& out = session.terminal().out;
    if (answer.contains("resource")) print_object(out, answer.at("resource"));
    out << fmt::format("Next: picctl peer config {0}   or, for a phone: picctl peer qr {0}\n", name);
}

void list(Session& session, const Arguments& /*arguments*/) {
    const auto peers = session.list("/peers");
    if (session.show_json({{"items", peers}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, peers,
               {{"NAME", "name"},
                {"ADDRESS", "address"},
                {"ADDRESS6", "address6"},
                {"ENABLED", "enabled"},
                {"INTERNET", "internet"},
                {"ID", "id"}},
               "No peers yet: picctl peer add laptop");
}

void show(Session& session, const Arguments& arguments) {
    const auto peer = session.get(path_of(session, arguments));
    if (!session.show_json(peer)) print_object(session.terminal().out, peer);
}

void set(Session& session, const Arguments& arguments) {
    const auto body = object_from_pairs(with_name(), arguments.all("change"));
    const auto answer = session.change("PATCH", path_of(session, arguments), body);
    session.show_change(answer, fmt::format("Changed peer {}", arguments.text("peer")));
}

std::string config_of(Session& session, const Arguments& arguments) {
    return session.get_text(path_of(session, arguments) + "/config", "text/plain");
}

void config(Session& session, const Arguments& arguments) {
    const auto text = config_of(session, arguments);
    if (!arguments.has("--out")) {
        session.terminal().out << text;
        return;
    }
    write_private_file(arguments.text("--out"), text);
    session.terminal().out << fmt::format("Wrote {} (readable by you alone).\n", arguments.text("--out"));
}

void qr(Session& session, const Arguments& arguments) {
    print_qr(session.terminal().out, config_of(session, arguments), session.terminal().out_is_tty);
}

void rotate(Session& session, const Arguments& arguments) {
    const auto name = arguments.text("peer");
    const auto answer = session.change("POST", path_of(session, arguments) + "/rotate",
                                       object_from_options(rotate_fields, arguments));
    session.show_change(answer, fmt::format("Made new keys for {0}. Next: picctl peer config {0}", name));
}

void link(Session& session, const Arguments& arguments) {
    const auto answer = session.change("POST", path_of(session, arguments) + "/link",
                                       object_from_options(link_fields, arguments));
    if (session.show_json(answer)) return;
    const auto& made = answer.contains("resource") ? answer.at("resource") : answer;
    session.terminal().out << fmt::format("This link works once, until {}:\n{}{}\n",
                                          made.value("expires_at", "?"), session.url(),
                                          printable(made.value("path", "?")));
}

/// What it is now; the course of the day is for charts, in --json.
void traffic(Session& session, const Arguments& arguments) {
    auto seen = session.get(path_of(session, arguments) + "/traffic");
    if (session.show_json(seen)) return;
    seen.erase("points");
    print_object(session.terminal().out, seen);
}

void remove(Session& session, const Arguments& arguments) {
    const auto answer = session.change("DELETE", path_of(session, arguments), {});
    session.show_change(answer, fmt::format("Removed peer {}", arguments.text("peer")));
}

}  // namespace

Verbs peer_verbs() {
    return {
        {"peer add", Role::command, "add a device",
         std::vector<Parameter>{{.name = "name", .help = "its name, a hostname label", .required = true}} +
             options_for(peer_fields),
         add},
        {"peer list", Role::query, "list them", {}, list},
        {"peer show", Role::query, "show one", {peer_parameter}, show},
        {"peer set", Role::command, "change one", {peer_parameter, pairs_of(with_name())}, set},
        {"peer config",
         Role::local,
         "its WireGuard configuration; the private key is in it once",
         {peer_parameter, {.name = "--out", .help = "write it to this file, mode 0600"}},
         config},
        {"peer qr", Role::local, "the same as a QR code", {peer_parameter}, qr},
        {"peer rotate", Role::command, "make new keys",
         std::vector{peer_parameter} + options_for(rotate_fields), rotate},
        {"peer link", Role::local, "a download link that works once",
         std::vector{peer_parameter} + options_for(link_fields), link},
        {"peer traffic",
         Role::local,
         "what passed, and when it was last heard of",
         {peer_parameter},
         traffic},
        {"peer remove", Role::command, "remove one", {peer_parameter}, remove},
    };
}

}  // namespace pic::cli
