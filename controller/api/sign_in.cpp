// Signing in and out, and the list of open sessions.
#include <fmt/format.h>

#include "controller/api/gatekeeper.hpp"
#include "controller/api/second_factor.hpp"
#include "controller/api/sign_in.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

struct SignIn {
    std::string username, password;
    std::optional<std::string> totp;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("username", s.username), field("password", s.password),
                          field("totp", s.totp));
    }
};

void put(std::string& out, std::string_view name, std::string_view text) {
    if (out.back() != '{') out += ',';
    write_json_string(out, name);
    out += ':';
    write_json_string(out, text);
}

/// SessionState of the document. Where one is stands in it too: a member may not read the cell's settings,
/// and has to know by which names mail and calendar are found.
std::string state_json(const World& world, const http::Principal& who, std::string_view csrf_token) {
    constexpr std::string_view kinds[] = {"session", "token", "local"};
    std::string out = "{";
    put(out, "principal", who.actor);
    put(out, "kind", kinds[static_cast<std::size_t>(who.kind)]);
    if (!who.id.is_nil()) put(out, "id", to_string(who.id));
    if (!who.user.is_nil()) put(out, "user_id", to_string(who.user));
    put(out, "username", who.username);
    if (!who.role.empty()) put(out, "role", who.role);
    out += ",\"scopes\":[";
    for (const auto& scope : who.scopes.list()) {
        if (out.back() != '[') out += ',';
        write_json_string(out, scope);
    }
    out += ']';
    if (!csrf_token.empty()) put(out, "csrf_token", csrf_token);
    const auto& settings = world.get<cell::Service>().cell.settings;
    put(out, "cell_name", settings.name.text);
    put(out, "domain", settings.domain.text);
    return out + '}';
}

/// Where somebody came from, for the list of sessions.
std::string origin_of(const Request& request) {
    return fmt::format("{} {}", request.remote, request.header("User-Agent").substr(0, 120));
}

std::string cookie_header(const Context& c, const Request& request, std::string_view value) {
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}",
                       http::session_cookie(c.installation.cookie_name(), request.is_secure), value,
                       request.is_secure ? "; Secure" : "");
}

Response retry_later(std::int64_t seconds, std::string_view request_id) {
    auto response = http::problem(
        {"rate_limited", fmt::format("Too many tries; the next is looked at in {} s.", seconds)}, request_id);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
    return response;
}

}  // namespace

void note(Context& c, const http::Request& request, std::string kind, std::string actor, std::string detail) {
    c.access_log.record({0, core::now(), std::move(kind), std::move(actor), request.remote,
                         request.request_id, std::move(detail)});
}

http::Handler on_worker(Context& c, Result<std::string> (*work)(Context&, const Request&)) {
    return [&c, work](const Request& request, Responder respond) {
        c.cell.post([&c, work, &request, respond = std::move(respond)]() mutable {
            auto body = work(c, request);
            if (!body) return std::move(respond)(body.error());
            auto response = http::json_response(200, *std::move(body));
            response.headers.emplace_back("Cache-Control", "no-store");
            std::move(respond)(std::move(response));
        });
    };
}

bool may_try(Context& c, const Request& request, std::string_view account, Responder& respond) {
    const auto wait = c.limiter.refuse(request.remote, account, core::now());
    if (wait) std::move(respond)(retry_later(*wait, request.request_id));
    return !wait;
}

Response signed_in(Context& c, const Uuid& user, const Label& username, accounts::Role role,
                   const Request& request) {
    auto started = c.sessions.start(to_string(user), origin_of(request), core::now());
    if (!started) return http::problem(started.error(), request.request_id);
    http::Principal who;
    who.actor = "user:" + username.text;
    who.username = username.text;
    who.role = enum_name(role);
    who.id = started->session.id;
    who.user = user;
    note(c, request, "signed_in", who.actor);
    who.scopes = scopes_of(role);
    const auto cookie = started->cookie.reveal();
    auto response =
        http::json_response(201, state_json(*c.cell.world(), who, c.installation.csrf_token(cookie)));
    response.headers.emplace_back("Set-Cookie", cookie_header(c, request, cookie));
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

/// A sign-in that failed: said to the one who asks, and kept.
void turned_away(Context& c, const std::string& account, const Rejection& why, const Request& request,
                 Responder respond) {
    c.access_log.record_refusal(
        {0, core::now(), "sign_in_refused", "user:" + account, request.remote, request.request_id, why.code});
    auto response = http::problem(why, request.request_id);
    response.recorded = true;
    std::move(respond)(std::move(response));
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
    auto password = vault::Secret::copy_of(asked->password);
    c.passwords.verify(
        std::move(password), std::move(stored),
        [&c, &request, who, asked = *std::move(asked),
         respond = std::move(respond)](Result<access::Passwords::Verdict> verdict) mutable {
            const bool matches = verdict && verdict->matches && who;
            if (verdict && !matches)
                verdict = reject("wrong_credentials", "The username or the password is wrong.");
            if (!verdict) return turned_away(c, asked.username, verdict.error(), request, std::move(respond));
            // Off the hashing threads: what follows waits for the disk.
            c.cell.post(
                [&c, &request, who = *who, asked = std::move(asked), respond = std::move(respond)]() mutable {
                    const auto second = check_second_factor(c, who, asked.totp, request);
                    if (!second)
                        return turned_away(c, asked.username, second.error(), request, std::move(respond));
                    c.limiter.succeeded(request.remote, asked.username, core::now());
                    std::move(respond)(signed_in(c, who.id, who.username, who.profile.role, request));
                });
        });
}

struct Confirmation {
    std::string password;
    std::optional<std::string> totp;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("password", s.password), field("totp", s.totp));
    }
};

/// Step-up: whoever sits at an open session proves once more to be its owner.
void confirm_session(Context& c, const Request& request, Responder respond) {
    auto asked = body_of<Confirmation>(request);
    if (!asked) return std::move(respond)(asked.error());
    const auto world = c.cell.world();
    const auto* user = world->get<accounts::Service>().users.find(request.principal->user);
    if (request.principal->kind != http::Principal::Kind::session || user == nullptr) {
        return std::move(respond)(Rejection{"forbidden", "Only a person's session can be confirmed."});
    }
    if (!may_try(c, request, user->username.text, respond)) return;
    auto password = vault::Secret::copy_of(asked->password);
    c.passwords.verify(
        std::move(password), c.cell.vault().get(user->password.password_ref),
        [&c, &request, who = *user, asked = *std::move(asked),
         respond = std::move(respond)](Result<access::Passwords::Verdict> verdict) mutable {
            if (verdict && !verdict->matches) verdict = reject("wrong_credentials", "The password is wrong.");
            if (!verdict)
                return turned_away(c, who.username.text, verdict.error(), request, std::move(respond));
            c.cell.post([&c, &request, who = std::move(who), asked = std::move(asked),
                         respond = std::move(respond)]() mutable {
                const auto second = check_second_factor(c, who, asked.totp, request);
                if (!second)
                    return turned_away(c, who.username.text, second.error(), request, std::move(respond));
                c.limiter.succeeded(request.remote, who.username.text, core::now());
                c.sessions.confirm(request.principal->id, core::now());
                note(c, request, "confirmed", request.principal->actor);
                std::move(respond)(http::json_response(204, {}));
            });
        });
}

void get_session(Context& c, const Request& request, Responder respond) {
    const auto& who = *request.principal;
    const auto csrf =
        who.kind == http::Principal::Kind::session ? c.installation.csrf_token(who.cookie) : std::string();
    std::move(respond)(http::json_response(200, state_json(*c.cell.world(), who, csrf)));
}

Response signed_out(Context& c, const Uuid& session, const Request& request, bool own) {
    const auto ended = c.sessions.revoke(session);
    if (ended && *ended)
        note(c, request, own ? "signed_out" : "session_revoked", request.principal->actor,
             to_string(session));
    if (!ended) return http::problem(ended.error(), request.request_id);
    if (!*ended && !own) return http::problem({"not_found", "There is no such session."}, request.request_id);
    auto response = http::json_response(204, {});
    if (own) {
        response.headers.emplace_back("Set-Cookie", cookie_header(c, request, {}) + "; Max-Age=0");
    }
    return response;
}

void list_sessions(Context& c, const Request& request, Responder respond) {
    const auto world = c.cell.world();
    std::string body = "{\"items\":[";
    for (const auto& session : c.sessions.list(
             request.own_only ? to_string(request.principal->user) : std::string(), core::now())) {
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
    handlers["signIn"] = [&c](const Request& request, Responder respond) {
        sign_in(c, request, std::move(respond));
    };
    handlers["getSession"] = [&c](const Request& request, Responder respond) {
        get_session(c, request, std::move(respond));
    };
    handlers["listSessions"] = [&c](const Request& request, Responder respond) {
        list_sessions(c, request, std::move(respond));
    };
    handlers["confirmSession"] = [&c](const Request& request, Responder respond) {
        confirm_session(c, request, std::move(respond));
    };
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
