// One's own account, or by its operator somebody's: sessions, the second factor, passwords for single
// devices.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/qr.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Parameter whose{.name = "--user", .help = "whose, by name or id (your own)"};

/// Who has signed in knows their own id; a member may not look up anybody's.
std::string user_path(Session& session, const Arguments& arguments) {
    const auto me = session.get("/session");
    const auto own = me.value("user_id", "");
    const auto wanted = arguments.text("--user");
    if (!own.empty() && (wanted.empty() || wanted == me.value("username", ""))) return "/users/" + own;
    if (wanted.empty())
        throw Failure(ExitCode::usage,
                      "nobody has signed in here: say whose with --user, or sign in with --url");
    return "/users/" + session.id_of("/users", wanted, "user");
}

// --- sessions

void list_sessions(Session& session, const Arguments& /*arguments*/) {
    const auto page = session.get("/sessions");
    if (session.show_json(page)) return;
    print_list(session.terminal().out, page.at("items"),
               {{"WHO", "username"},
                {"FROM", "origin"},
                {"SINCE", "created_at"},
                {"LAST SEEN", "last_seen_at"},
                {"THIS ONE", "current"},
                {"ID", "id"}},
               "Nobody has signed in.");
}

void end_session(Session& session, const Arguments& arguments) {
    const auto answer = session.change("DELETE", "/sessions/" + percent_encoded(arguments.text("id")), {});
    if (!session.show_json(answer)) session.terminal().out << "Ended, with its websockets.\n";
}

// --- the second factor

void begin_totp(Session& session, const Arguments& arguments) {
    const auto answer = session.change("POST", user_path(session, arguments) + "/totp", json::object());
    if (session.show_json(answer)) return;
    auto& out = session.terminal().out;
    out << fmt::format(
        "Show this to the authenticator, or type {} into it; then: picctl totp confirm CODE\n\n",
        printable(answer.at("secret").get<std::string>()));
    print_qr(out, answer.at("uri").get<std::string>(), session.terminal().out_is_tty);
}

void confirm_totp(Session& session, const Arguments& arguments) {
    const auto path = user_path(session, arguments) + "/totp/confirm";
    const auto answer = session.change("POST", path, {{"code", arguments.text("code")}});
    if (session.show_json(answer)) return;
    auto& out = session.terminal().out;
    out << "Signing in wants a code from now on. Each of these stands in for it once; they are not shown "
           "again:\n";
    for (const auto& code : answer.at("recovery_codes"))
        out << "    " << printable(code.get<std::string>()) << '\n';
}

void remove_totp(Session& session, const Arguments& arguments) {
    const auto answer = session.change("DELETE", user_path(session, arguments) + "/totp", {});
    if (!session.show_json(answer)) session.terminal().out << "Signing in wants no code any more.\n";
}

// --- passwords for single devices

void add_app_password(Session& session, const Arguments& arguments) {
    const auto answer =
        session.change("POST", user_path(session, arguments) + "/app-passwords",
                       {{"service", arguments.text("service")}, {"name", arguments.text("name")}});
    session.show_change(answer, fmt::format("Made a password for {}", arguments.text("name")));
    if (session.options().json || session.options().dry_run || !answer.contains("resource")) return;
    session.terminal().out << fmt::format("Shown this once: {}\n",
                                          printable(answer.at("resource").at("password").get<std::string>()));
}

void list_app_passwords(Session& session, const Arguments& arguments) {
    const auto all = session.list(user_path(session, arguments) + "/app-passwords");
    if (session.show_json({{"items", all}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, all,
               {{"NAME", "name"}, {"FOR", "service"}, {"SINCE", "created_at"}, {"ID", "id"}},
               "No app passwords.");
}

void remove_app_password(Session& session, const Arguments& arguments) {
    const auto path = user_path(session, arguments) + "/app-passwords";
    const auto name = arguments.text("name");
    session.show_change(
        session.change("DELETE", fmt::format("{}/{}", path, session.id_of(path, name, "app password")), {}),
        fmt::format("Took back the password for {}", name));
}

}  // namespace

Verbs account_verbs() {
    return {
        {"session list", Role::local, "who has signed in, and from where", {}, list_sessions},
        {"session end",
         Role::local,
         "end one, with its websockets",
         {{.name = "id", .help = "its id", .required = true}},
         end_session},
        {"totp begin",
         Role::local,
         "set up your second factor: shows it to the authenticator",
         {},
         begin_totp},
        {"totp confirm",
         Role::local,
         "prove that the authenticator has it; shows the recovery codes",
         {{.name = "code", .help = "the six digits that it shows", .required = true}},
         confirm_totp},
        {"totp remove", Role::local, "do without the second factor again", {whose}, remove_totp},
        {"app-password add",
         Role::command,
         "make one for a device or program",
         {{.name = "service", .help = "mail, calendar or files", .required = true},
          {.name = "name", .help = "the device or program it is for", .required = true},
          whose},
         add_app_password},
        {"app-password list", Role::query, "list them, without the passwords", {whose}, list_app_passwords},
        {"app-password remove",
         Role::command,
         "take one back",
         {{.name = "name", .help = "name or id", .required = true}, whose},
         remove_app_password},
    };
}

}  // namespace pic::cli
