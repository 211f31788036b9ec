// Signing in and out, and the list of open sessions.
#include <fmt/format.h>

#include "controller/api/gatekeeper.hpp"
#include "controller/api/sign_in.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

struct SignIn {
    std::string username, password;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("username", s.username), field("password", s.password));
    }
};

void put(std::string& out, std::string_view name, std::string_view text) {
    if (out.back() != '{') out += ',';
    write_json_string(out, name);
    out += ':';
    write_json_string(out, text);
}

/// SessionState of the document.
std::string state_json(const http::Principal& who, std::string_view csrf_token) {
    constexpr std::string_view kinds[] = {"session", "token", "local"};
    std::string out = "{";
    put(out, "principal", who.actor);
    put(out, "kind", kinds[static_cast<std::size_t>(who.kind)]);
    if (!who.id.is_nil()) put(out, "id", to_string(who.id));
    put(out, "username", who.username);
    if (!who.role.empty()) put(out, "role", who.role);
    out += ",\"scopes\":[";
    for (const auto& scope : who.scopes.list()) {
        if (out.back() != '[') out += ',';
        write_json_string(out, scope);
    }
    out += ']';
    if (!csrf_token.empty()) put(out, "csrf_token", csrf_token);
    return out + '}';
}

/// Where somebody came from, for the list of sessions.
std::string origin_of(const Request& request) {
    return fmt::format("{} {}", request.remote, request.header("User-Agent").substr(0, 120));
}

Response retry_later(std::int64_t seconds, std::string_view request_id) {
    auto response = http::problem({"rate_limited", fmt::format("Too many tries; the next is looked at in {} s.", seconds)}, request_id);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
    return response;
}

}  // namespace

bool may_try(Context& c, const Request& request, std::string_view account, Responder& respond) {
    const auto wait = c.limiter.refuse(request.remote, account, core::now());
    if (wait) std::move(respond)(retry_later(*wait, request.request_id));
    return !wait;
}

Response signed_in(Context& c, const Uuid& user, const Label& username, accounts::Role role, const Request& request) {
    auto started = c.sessions.start(to_string(user), origin_of(request), core::now());
    if (!started) return http::problem(started.error(), request.request_id);
    http::Principal who;
    who.actor = "user:" + username.text;
    who.username = username.text;
    who.role = enum_name(role);
    who.id = started->session.id;
    who.user = user;
    who.scopes = scopes_of(role);
    const auto cookie = started->cookie.reveal();
    auto response = http::json_response(201, state_json(who, c.installation.csrf_token(cookie)));
    response.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", c.installation.cookie_name(), cookie));
    return response;
}

namespace {

const accounts::User* find_user(const World& world, std::string_view name) {
    const auto username = Label::parse(name);
    if (!username) return nullptr;
    const auto& state = world.get<accounts::Service>();
    const auto* id = state.by_username.find(username->text);
    return id ? state.users.find(*id) : nullptr;
}

void sign_in(Context& c, const Request& request, Responder respond) {
    auto asked = body_of<SignIn>(request);
    if (!asked) return std::move(respond)(asked.error());
    if (!may_try(c, request, asked->username, respond)) return;
    const auto world = c.cell.world();
    const auto* user = find_user(*world, asked->username);
    auto stored = user ? c.cell.vault().get(user->password.password_ref) : std::nullopt;
    const auto who = user ? std::optional(*user) : std::nullopt;
    // An unknown user costs the same time as a known one.
    c.passwords.verify(vault::Secret::copy_of(asked->password), std::move(stored),
                       [&c, &request, who, account = asked->username,
                        respond = std::move(respond)](Result<access::Passwords::Verdict> verdict) mutable {
                           if (!verdict) return std::move(respond)(verdict.error());
                           if (!who || !verdict->matches) {
                               return std::move(respond)(Rejection{"wrong_credentials", "The username or the password is wrong."});
                           }
                           c.limiter.succeeded(request.remote, account, core::now());
                           std::move(respond)(signed_in(c, who->id, who->username, who->profile.role, request));
                       });
}

void get_session(Context& c, const Request& request, Responder respond) {
    const auto& who = *request.principal;
    const auto csrf = who.kind == http::Principal::Kind::session ? c.installation.csrf_token(who.cookie) : std::string();
    std::move(respond)(http::json_response(200, state_json(who, csrf)));
}

Response signed_out(Context& c, const Uuid& session, const Request& request, bool own) {
    const auto ended = c.sessions.revoke(session);
    if (!ended) return http::problem(ended.error(), request.request_id);
    if (!*ended && !own) return http::problem({"not_found", "There is no such session."}, request.request_id);
    auto response = http::json_response(204, {});
    if (own) {
        response.headers.emplace_back(
            "Set-Cookie", fmt::format("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", c.installation.cookie_name()));
    }
    return response;
}

void list_sessions(Context& c, const Request& request, Responder respond) {
    const auto world = c.cell.world();
    std::string body = "{\"items\":[";
    for (const auto& session : c.sessions.list(request.own_only ? to_string(request.principal->user) : std::string(), core::now())) {
        const auto id = parse_uuid(session.user);
        const auto* user = id ? world->get<accounts::Service>().users.find(*id) : nullptr;
        if (body.back() != '[') body += ',';
        body += '{';
        put(body, "id", to_string(session.id));
        put(body, "username", user ? user->username.text : session.user);
        put(body, "origin", session.origin);
        put(body, "created_at", to_string(session.created));
        put(body, "last_seen_at", to_string(session.last_seen));
        body += session.id == request.principal->id ? ",\"current\":true}" : ",\"current\":false}";
    }
    std::move(respond)(http::json_response(200, body + "],\"next_cursor\":null}"));
}

}  // namespace

void add_sign_in_handlers(http::Handlers& handlers, Context& c) {
    handlers["signIn"] = [&c](const Request& request, Responder respond) { sign_in(c, request, std::move(respond)); };
    handlers["getSession"] = [&c](const Request& request, Responder respond) { get_session(c, request, std::move(respond)); };
    handlers["listSessions"] = [&c](const Request& request, Responder respond) { list_sessions(c, request, std::move(respond)); };
    // Ending a session waits for the disk, so it leaves the server's thread.
    handlers["signOut"] = [&c](const Request& request, Responder respond) {
        c.cell.post([&c, &request, respond = std::move(respond)]() mutable {
            std::move(respond)(signed_out(c, request.principal->id, request, true));
        });
    };
    handlers["revokeSession"] = [&c](const Request& request, Responder respond) {
        c.cell.post([&c, &request, respond = std::move(respond)]() mutable {
            std::move(respond)(signed_out(c, *parse_uuid(request.path_parameter("id")), request, false));
        });
    };
}

}  // namespace pic::api
