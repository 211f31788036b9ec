// Set-up, signing in and out, and the list of open sessions.
#include <fmt/format.h>
#include <simdjson.h>

#include "controller/api/gatekeeper.hpp"
#include "controller/api/handlers.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

/// What an address counts as in the limiter while nobody can sign in yet.
constexpr std::string_view setup_account = "set-up";

struct SetUp {
    std::string setup_token, username, password;
    Label cell_name;
    Hostname domain;
    Cidr4 vpn_range;
    std::optional<TimeZone> timezone;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("setup_token", s.setup_token), field("username", s.username), field("password", s.password),
                          field("cell_name", s.cell_name), field("domain", s.domain), field("vpn_range", s.vpn_range),
                          field("timezone", s.timezone));
    }
};

struct SignIn {
    std::string username, password;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("username", s.username), field("password", s.password));
    }
};

template <class T>
Result<T> body_of(const Request& request) {
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    if (parser.parse(request.body.data(), request.body.size()).get(json) != simdjson::SUCCESS) {
        return reject("malformed_json", "the body is no JSON");
    }
    return from_json<T>(json);
}

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

/// A try that may have to wait. False: answered.
bool may_try(Context& c, const Request& request, std::string_view account, Responder& respond) {
    const auto wait = c.limiter.refuse(request.remote, account, core::now());
    if (wait) std::move(respond)(retry_later(*wait, request.request_id));
    return !wait;
}

/// Starts a session and answers with its cookie. May block for an fsync.
Response signed_in(Context& c, const Uuid& user, const Label& username, accounts::Role role, const Request& request) {
    auto started = c.sessions.start(to_string(user), origin_of(request), core::now());
    if (!started) return http::problem(started.error(), request.request_id);
    http::Principal who;
    who.actor = "user:" + username.text;
    who.username = username.text;
    who.role = enum_name(role);
    who.id = started->session.id;
    who.scopes = scopes_of(role);
    const auto cookie = started->cookie.reveal();
    auto response = http::json_response(201, state_json(who, c.installation.csrf_token(cookie)));
    response.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", c.installation.cookie_name(), cookie));
    return response;
}

// --- set-up ------------------------------------------------------------------------------------------------------------

/// Everything that makes a cell, as one change: its name and networks, its administrator, its keys.
core::ChangeRequest claim(const SetUp& asked, const Uuid& user, const Label& username, SecretRef password, const Request& request) {
    core::ChangeRequest change;
    const auto add = [&]<class C>(C command) { change.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command))); };
    cell::SetUpCell set_up;
    set_up.cell_name = asked.cell_name;
    set_up.domain = asked.domain;
    set_up.vpn_range = asked.vpn_range;
    set_up.timezone = asked.timezone;
    add(std::move(set_up));
    add(accounts::AddUser{username, accounts::Role::admin, std::move(password), user});
    add(wireguard::RotateWireguard{});
    change.actor = "user:" + username.text;
    change.source = "http";
    change.request_id = request.request_id;
    return change;
}

/// The rejection of one command among several points into /commands; here the body is not a change-set.
Rejection without_commands(Rejection rejection) {
    for (auto& error : rejection.errors) {
        if (!error.pointer.starts_with("/commands/")) continue;
        const auto data = error.pointer.find("/data");
        error.pointer = data == std::string::npos ? "" : error.pointer.substr(data + 5);
    }
    return rejection;
}

void claim_with(Context& c, const SetUp& asked, const Label& username, const vault::Secret& hash, const Request& request,
                Responder respond) {
    const auto user = core::new_uuid();
    auto ref = c.cell.vault().stage(fmt::format("user/{}/password", to_string(user)), hash);
    if (!ref) return std::move(respond)(ref.error());
    c.cell.change(
        claim(asked, user, username, *ref, request), [](const core::Outcome&) { return core::Answer{}; },
        [&c, &request, user, username, respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) return std::move(respond)(without_commands(std::move(answer.error())));
            // Off the writer's thread: what follows waits for the disk.
            c.cell.post([&c, &request, user, username, respond = std::move(respond)]() mutable {
                if (c.setup_token) (void)c.setup_token->consume();
                std::move(respond)(signed_in(c, user, username, accounts::Role::admin, request));
            });
        });
}

void set_up(Context& c, const Request& request, Responder respond) {
    if (c.cell.claimed()) return std::move(respond)(Rejection{"already_set_up", "This cell has been set up already."});
    if (!may_try(c, request, setup_account, respond)) return;
    auto asked = body_of<SetUp>(request);
    if (!asked) return std::move(respond)(asked.error());
    if (!c.setup_token || !c.setup_token->matches(asked->setup_token)) {
        return std::move(respond)(Rejection{"wrong_setup_token", "This is not the set-up token that the daemon printed."});
    }
    c.limiter.succeeded(request.remote, setup_account, core::now());
    auto username = Label::parse(asked->username);
    if (!username) return std::move(respond)(Rejection{"invalid_field", username.error(), {{"/username", username.error()}}});
    auto password = vault::Secret::copy_of(asked->password);
    if (auto fine = access::check_new_password(password); !fine) return std::move(respond)(fine.error());
    asked->password.clear();
    c.passwords.hash(std::move(password), [&c, &request, asked = *std::move(asked), username = *username,
                                           respond = std::move(respond)](Result<vault::Secret> hash) mutable {
        if (!hash) return std::move(respond)(hash.error());
        claim_with(c, asked, username, *hash, request, std::move(respond));
    });
}

// --- sessions ----------------------------------------------------------------------------------------------------------

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
    auto stored = user ? c.cell.vault().get(user->password_ref) : std::nullopt;
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
                           std::move(respond)(signed_in(c, who->id, who->username, who->role, request));
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
    for (const auto& session : c.sessions.list({}, core::now())) {
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
    handlers["getSetup"] = [&c](const Request&, Responder respond) {
        std::move(respond)(http::json_response(200, c.cell.claimed() ? R"({"claimed":true})" : R"({"claimed":false})"));
    };
    handlers["setUp"] = [&c](const Request& request, Responder respond) { set_up(c, request, std::move(respond)); };
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
