// The first run, and signing in to a cell on the network.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Parameter password_stdin{
    .name = "--password-stdin",
    .help = "read the password from standard input (else PIC_ADMIN_PASSWORD, else it is asked)",
    .kind = Kind::flag};

std::string password(Terminal& terminal, const Arguments& arguments, bool twice) {
    return secret_from(terminal, {.what = "Password",
                                  .variable = "PIC_ADMIN_PASSWORD",
                                  .option = password_stdin.name,
                                  .from_stdin = arguments.has(password_stdin.name),
                                  .twice = twice});
}

std::string without_newline(std::string text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
}

/// PIC_SETUP_TOKEN, the daemon's own file where it is on this machine, or asked.
std::string setup_token(Session& session) {
    if (const char* token = std::getenv("PIC_SETUP_TOKEN"); token != nullptr && *token != '\0') return token;
    const auto path = session.options().data + "/setup-token";
    if (session.url().empty() && std::filesystem::exists(path)) return without_newline(read_file(path));
    return ask(session.terminal(), "Set-up token (the daemon printed it)");
}

json post_anonymous(Session& session, const std::string& path, const json& body, Response& response) {
    response = session.send_anonymous({.method = "POST",
                                       .target = path,
                                       .headers = {{"Content-Type", "application/json"}},
                                       .body = body.dump()});
    return json::parse(response.body);
}

/// Keeps the session of an answer that signs in; on the local socket there is nothing to keep.
void keep_session(Session& session, const Response& response, const json& answer) {
    if (session.url().empty()) return;
    const auto cookie = response.headers.find("set-cookie");
    if (cookie == response.headers.end())
        throw Failure(ExitCode::unavailable, "the daemon set no session cookie");
    store_sign_in(session.url(), {.cookie = cookie->second.substr(0, cookie->second.find(';')),
                                  .csrf_token = answer.value("csrf_token", "")});
}

void setup(Session& session, const Arguments& arguments) {
    Response response;
    response = session.send_anonymous({.target = "/setup"});
    if (json::parse(response.body).value("claimed", false))
        throw Failure(ExitCode::conflict, "this cell has been set up already");

    auto& terminal = session.terminal();
    const auto given_or_asked = [&](const char* option, const char* question, const char* fallback) {
        return arguments.has(option) ? arguments.text(option) : ask(terminal, question, fallback);
    };
    json body;
    body["setup_token"] = setup_token(session);
    body["cell_name"] = given_or_asked("--cell-name", "Name of the cell", "home");
    body["domain"] = given_or_asked("--domain", "Domain of its names", "cell.home.arpa");
    body["vpn_range"] = given_or_asked("--vpn-range", "Addresses of the VPN", "10.8.0.0/24");
    body["username"] = given_or_asked("--username", "Administrator", "admin");
    body["password"] = password(terminal, arguments, true);

    const auto answer = post_anonymous(session, "/setup", body, response);
    keep_session(session, response, answer);
    if (session.show_json(answer)) return;
    terminal.out << fmt::format("The cell '{}' is yours. Next: picctl peer add laptop\n",
                                body["cell_name"].get<std::string>());
}

void login(Session& session, const Arguments& arguments) {
    auto& terminal = session.terminal();
    if (session.url().empty())
        throw Failure(ExitCode::usage,
                      "the local socket needs no sign-in; name a cell with --url or PIC_URL");
    if (arguments.has("--token-stdin")) {
        store_sign_in(session.url(), {.token = without_newline(read_file("-"))});
        terminal.out << fmt::format("Token kept for {}.\n", session.url());
        return;
    }
    json body;
    body["username"] =
        arguments.has("--username") ? arguments.text("--username") : ask(terminal, "User", "admin");
    body["password"] = password(terminal, arguments, false);
    if (arguments.has("--totp")) body["totp"] = arguments.text("--totp");

    Response response;
    const auto answer = post_anonymous(session, "/session", body, response);
    keep_session(session, response, answer);
    if (!session.show_json(answer)) terminal.out << fmt::format("Signed in to {}.\n", session.url());
}

/// By a link that somebody was given: makes the account, and signs in where there is something to sign in to.
void join(Session& session, const Arguments& arguments) {
    auto& terminal = session.terminal();
    const auto* given = std::getenv("PIC_INVITATION");
    json body;
    body["token"] = given != nullptr && *given != '\0' ? given : ask(terminal, "Invitation, as it was sent");
    body["username"] = arguments.text("username");
    if (arguments.has("--display-name")) body["display_name"] = arguments.text("--display-name");
    body["password"] = secret_from(terminal, {.what = "Your new password",
                                              .variable = "PIC_USER_PASSWORD",
                                              .option = password_stdin.name,
                                              .from_stdin = arguments.has(password_stdin.name),
                                              .twice = true});
    Response response;
    const auto answer = post_anonymous(session, "/join", body, response);
    keep_session(session, response, answer);
    if (!session.show_json(answer))
        terminal.out << fmt::format("Welcome, {}: the account is made.\n", arguments.text("username"));
}

/// What wants a fresh sign-in (a look at a secret) may be done for five minutes from here.
void confirm(Session& session, const Arguments& arguments) {
    if (session.url().empty()) throw Failure(ExitCode::usage, "the local socket needs no sign-in");
    json body{{"password", password(session.terminal(), arguments, false)}};
    if (arguments.has("--totp")) body["totp"] = arguments.text("--totp");
    const auto answer = session.change("POST", "/session/confirm", body);
    if (!session.show_json(answer)) session.terminal().out << "Confirmed for five minutes.\n";
}

void logout(Session& session, const Arguments& /*arguments*/) {
    if (session.url().empty()) throw Failure(ExitCode::usage, "the local socket has no sign-in to end");
    try {
        session.send({.method = "DELETE", .target = "/session"});
    } catch (const Failure& failure) {
        if (failure.code() != ExitCode::forbidden) throw;  // it has ended already
    }
    forget_sign_in(session.url());
    session.terminal().out << fmt::format("Signed out of {}.\n", session.url());
}

void whoami(Session& session, const Arguments& /*arguments*/) {
    const auto answer = session.get("/session");
    if (!session.show_json(answer)) print_object(session.terminal().out, answer);
}

}  // namespace

Verbs setup_verbs() {
    return {
        {"setup",
         Role::local,
         "claim a new cell: name, domain, VPN range, administrator",
         {{.name = "--cell-name", .help = "name of the cell (home)"},
          {.name = "--domain", .help = "domain of its names (cell.home.arpa)"},
          {.name = "--vpn-range", .help = "addresses of the VPN, RFC 1918 (10.8.0.0/24)"},
          {.name = "--username", .help = "the administrator (admin)"},
          password_stdin},
         setup},
        {"login",
         Role::local,
         "sign in to a cell on the network (--url)",
         {{.name = "--username", .help = "who (admin)"},
          {.name = "--totp", .help = "the code of the second factor"},
          {.name = "--token-stdin",
           .help = "keep this API token instead, read from standard input",
           .kind = Kind::flag},
          password_stdin},
         login},
        {"join",
         Role::local,
         "make your account with an invitation (PIC_INVITATION, else it is asked)",
         {{.name = "username", .help = "the name to sign in with; it never changes", .required = true},
          {.name = "--display-name", .help = "what people call you"},
          {.name = password_stdin.name,
           .help = "read the password from standard input (else PIC_USER_PASSWORD, else it is asked)",
           .kind = Kind::flag}},
         join},
        {"session confirm",
         Role::local,
         "sign in once more (--url), for what wants a fresh sign-in: a look at a secret",
         {{.name = "--totp", .help = "the code of the second factor"}, password_stdin},
         confirm},
        {"logout", Role::local, "end the sign-in and forget it", {}, logout},
        {"whoami", Role::local, "who the daemon takes us for", {}, whoami},
    };
}

}  // namespace pic::cli
