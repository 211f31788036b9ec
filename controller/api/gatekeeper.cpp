#include "controller/api/gatekeeper.hpp"

#include <fmt/format.h>
#include <pwd.h>

#include "controller/access/local_socket.hpp"
#include "controller/http/api.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/peers/peers.hpp"

namespace pic::api {
namespace {

access::Scopes parsed(std::initializer_list<std::string> scopes) {
    const std::vector<std::string> list(scopes);
    auto made = access::Scopes::parse(list);
    if (!made) throw std::logic_error("a role has a scope that is none: " + made.error().detail);
    return *std::move(made);
}

/// The person who made a token; null where it was the host's operator.
const accounts::User* owner_of(const World& world, const access::Token& token) {
    constexpr std::string_view person = "user:";
    if (!token.owner.starts_with(person)) return nullptr;
    const auto& state = world.get<accounts::Service>();
    const auto* id = state.by_username.find(std::string_view(token.owner).substr(person.size()));
    return id == nullptr ? nullptr : state.users.find(*id);
}

std::string user_name(uid_t uid) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return found->pw_name;
    return std::to_string(uid);
}

}  // namespace

access::Scopes scopes_of(accounts::Role role) {
    switch (role) {
        case accounts::Role::admin:
            return access::Scopes::everything();
        case accounts::Role::operator_:
            return parsed({"cell:write", "peers:write", "dns:write", "wireguard:write", "routing:write",
                           "dhcp:write", "ntp:write", "proxy:write", "mail:write", "calendar:write",
                           "services:write", "events:read", "metrics:read", "access:read", "cells:write",
                           "containers:write", "stack:write"});
        case accounts::Role::viewer:
            return parsed({"*:read"});
        case accounts::Role::member:
            return {};
    }
    return {};
}

bool CellGatekeeper::claimed() const { return cell_.claimed(); }

http::PrincipalPtr CellGatekeeper::by_bearer(std::string_view bearer, std::string_view remote) {
    const auto now = core::now();
    auto token = tokens_.verify(bearer, now);
    if (!token) return nullptr;
    if (!token->may_come_from(remote)) {
        // Whoever stole it is told no more than a guesser; its owner sees where it was tried.
        access_log_.record_refusal({0,
                                    now,
                                    "token_refused",
                                    "token:" + to_string(token->id),
                                    std::string(remote),
                                    {},
                                    "used from outside its source range"});
        return nullptr;
    }
    access_log_.used(token->id, now, remote);
    const auto world = cell_.world();
    const auto* owner = owner_of(*world, *token);
    const auto role = owner == nullptr ? std::string_view{} : enum_name(owner->profile.role);
    if (token == last_token_ && role == last_principal_->role) return last_principal_;
    auto principal = std::make_shared<http::Principal>();
    principal->kind = http::Principal::Kind::token;
    principal->actor = "token:" + to_string(token->id);
    principal->username = token->owner;
    principal->role = role;
    principal->id = token->id;
    principal->scopes = token->scopes;
    if (owner != nullptr) {
        principal->user = owner->id;
        // Never more than its maker may do today.
        principal->scopes = token->scopes.within(scopes_of(owner->profile.role));
    }
    last_token_ = std::move(token);
    last_principal_ = principal;
    return principal;
}

http::PrincipalPtr CellGatekeeper::by_cookie(std::string_view cookie) {
    const auto session = sessions_.find(cookie, core::now());
    if (!session) return nullptr;
    const auto id = parse_uuid(session->user);
    const auto world = cell_.world();
    const auto* user = id ? world->get<accounts::Service>().users.find(*id) : nullptr;
    if (user == nullptr) return nullptr;
    auto principal = std::make_shared<http::Principal>();
    principal->kind = http::Principal::Kind::session;
    principal->actor = "user:" + user->username.text;
    principal->username = user->username.text;
    principal->role = enum_name(user->profile.role);
    principal->id = session->id;
    principal->user = user->id;
    principal->cookie = cookie;
    principal->scopes = scopes_of(user->profile.role);
    return principal;
}

http::PrincipalPtr CellGatekeeper::by_socket(int descriptor) {
    const auto peer = access::peer_credentials(descriptor);
    if (!peer || !access::is_operator(*peer)) return nullptr;
    auto principal = std::make_shared<http::Principal>();
    principal->kind = http::Principal::Kind::local;
    principal->username = user_name(peer->uid);
    principal->actor = "local:" + principal->username;
    principal->role = "admin";
    principal->scopes = access::Scopes::everything();
    return principal;
}

void CellGatekeeper::refused(const http::Request& request, const http::Response& response) {
    if (response.refusal == "setup_required") return;
    std::string detail(response.refusal);
    if (request.operation != nullptr) {
        detail += fmt::format(" {}", request.operation->id);
        if (request.operation->needs_scope()) detail += fmt::format(" ({})", request.operation->scope);
    }
    access_log_.record_refusal({0, core::now(), "refused",
                                request.principal ? request.principal->actor : std::string(), request.remote,
                                request.request_id, std::move(detail)});
}

bool CellGatekeeper::owns(const http::Principal& principal, std::string_view what, std::string_view id) {
    const auto key = parse_uuid(id);
    if (!key) return false;
    if (what == "user") return *key == principal.user;
    if (what == "session") return sessions_.belongs_to(*key, to_string(principal.user));
    const auto world = cell_.world();
    const auto* peer = world->get<peers::Service>().peers.find(*key);
    return what == "peer" && peer != nullptr && peer->settings.owner &&
           peer->settings.owner->text == principal.username;
}

bool CellGatekeeper::still_valid(const http::Principal& principal) {
    switch (principal.kind) {
        case http::Principal::Kind::session: {
            const auto world = cell_.world();
            const auto* user = world->get<accounts::Service>().users.find(principal.user);
            return user != nullptr && principal.role == enum_name(user->profile.role) &&
                   sessions_.alive(principal.id, core::now());
        }
        case http::Principal::Kind::token: {
            const auto world = cell_.world();
            const auto* token = world->get<accounts::Service>().tokens.find(principal.id);
            return token != nullptr && (!token->expires_at || *token->expires_at > core::now());
        }
        case http::Principal::Kind::local:
            return true;
    }
    return false;
}

bool CellGatekeeper::csrf_matches(std::string_view cookie, std::string_view token) const {
    return installation_.csrf_matches(cookie, token);
}

bool CellGatekeeper::is_cell_name(std::string_view host) const {
    const auto world = cell_.world();
    const auto& cell = world->get<cell::Service>().cell;
    if (!cell.claimed) return false;
    const auto& domain = cell.settings.domain.text;
    return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                              host[host.size() - domain.size() - 1] == '.');
}

}  // namespace pic::api
