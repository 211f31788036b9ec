#include "controller/access/tokens.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "controller/access/random_text.hpp"
#include "schema/sha256.hpp"

namespace pic::access {

using vault::Secret;

namespace {

constexpr std::string_view prefix = "pic_";
constexpr std::size_t id_length = 32;      // hex digits
constexpr std::size_t secret_length = 43;  // 32 bytes in base64url
constexpr std::size_t token_length = prefix.size() + id_length + 1 + secret_length;

struct Scope {
    std::string_view area, verb;
};

bool is_area(std::string_view text) {
    return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// "*" is everything's "*:write".
Scope split(std::string_view scope) {
    if (scope == "*") return {"*", "write"};
    const auto colon = scope.find(':');
    if (colon == std::string_view::npos) return {scope, {}};
    return {scope.substr(0, colon), scope.substr(colon + 1)};
}

bool is_scope(std::string_view text) {
    const Scope scope = split(text);
    return (scope.area == "*" || is_area(scope.area)) && (scope.verb == "read" || scope.verb == "write");
}

bool grants(std::string_view held, std::string_view wanted) {
    const Scope have = split(held);
    const Scope want = split(wanted);
    return (have.area == "*" || have.area == want.area) && (have.verb == "write" || have.verb == want.verb);
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::optional<Uuid> parse_id(std::string_view hex) {
    Uuid id;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        const int high = hex_digit(hex[2 * i]);
        const int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return id;
}

std::string id_text(const Uuid& id) {
    std::string text = to_string(id);
    std::erase(text, '-');
    return text;
}

bool contains(const Cidr& network, std::string_view address) {
    constexpr std::string_view mapped = "::ffff:";
    if (address == "local") address = network.v6 ? "::1" : "127.0.0.1";
    if (address.starts_with(mapped) && address.contains('.')) address.remove_prefix(mapped.size());
    if (network.v6) {
        const auto six = Ipv6::parse(address);
        return six && network.six.contains(*six);
    }
    const auto four = Ipv4::parse(address);
    return four && network.four.contains(*four);
}

}  // namespace

Result<Scopes> Scopes::parse(std::span<const std::string> scopes) {
    Scopes parsed;
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        if (!is_scope(scopes[i])) {
            return reject("scope_invalid",
                          "a scope is \"<area>:read\", \"<area>:write\", \"*:read\", \"*:write\" or \"*\"",
                          {{"/" + std::to_string(i), "not a scope"}});
        }
        parsed.scopes_.push_back(scopes[i]);
    }
    return parsed;
}

Scopes Scopes::everything() {
    Scopes all;
    all.scopes_.emplace_back("*");
    return all;
}

bool Scopes::allows(std::string_view needed) const {
    return std::ranges::any_of(scopes_, [needed](const std::string& held) { return grants(held, needed); });
}

Scopes Scopes::within(const Scopes& bound) const {
    Scopes both;
    for (const auto& mine : scopes_) {
        for (const auto& theirs : bound.scopes_) {
            const Scope a = split(mine), b = split(theirs);
            if (a.area != "*" && b.area != "*" && a.area != b.area) continue;
            const auto area = a.area == "*" ? b.area : a.area;
            const auto verb = a.verb == "write" ? b.verb : a.verb;
            both.scopes_.push_back(
                area == "*" && verb == "write" ? "*" : std::string(area) + ":" + std::string(verb));
        }
    }
    std::ranges::sort(both.scopes_);
    const auto repeated = std::ranges::unique(both.scopes_);
    both.scopes_.erase(repeated.begin(), repeated.end());
    return both;
}

bool Scopes::covers(const Scopes& others) const {
    return std::ranges::all_of(others.scopes_, [this](const std::string& scope) { return allows(scope); });
}

Result<void> authorize(const Scopes& held, std::string_view needed) {
    if (held.allows(needed)) return {};
    return reject("forbidden", "This needs the scope " + std::string(needed) + ".");
}

bool Token::may_come_from(std::string_view remote) const {
    return sources.empty() || is_within(sources, remote);
}

bool is_within(std::span<const Cidr> networks, std::string_view address) {
    return std::ranges::any_of(networks, [&](const Cidr& network) { return contains(network, address); });
}

NewToken make_token(const Uuid& id) {
    const Secret secret = random_base64url(32);
    const std::string front = std::string(prefix) + id_text(id) + "_";
    Secret text(token_length);
    std::ranges::copy(front, text.bytes().begin());
    std::ranges::copy(secret.reveal(), text.bytes().begin() + static_cast<std::ptrdiff_t>(front.size()));
    const Digest hash = sha256(secret.reveal());
    return {std::move(text), Secret::copy_of({reinterpret_cast<const char*>(hash.data()), hash.size()})};
}

std::optional<ParsedToken> parse_token(std::string_view bearer) {
    if (bearer.size() != token_length || !bearer.starts_with(prefix) ||
        bearer[prefix.size() + id_length] != '_') {
        return std::nullopt;
    }
    const std::optional<Uuid> id = parse_id(bearer.substr(prefix.size(), id_length));
    if (!id) return std::nullopt;
    return ParsedToken{*id, sha256(bearer.substr(token_length - secret_length))};
}

std::size_t TokenTable::IdHash::operator()(const Uuid& id) const noexcept {
    std::size_t hash = 0;  // the last eight bytes of a UUIDv7 are random
    std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash);
    return hash;
}

void TokenTable::put(Token token) {
    const Uuid id = token.id;
    auto shared = std::make_shared<const Token>(std::move(token));
    const std::unique_lock lock(mutex_);
    tokens_.insert_or_assign(id, std::move(shared));
}

void TokenTable::remove(const Uuid& id) {
    const std::unique_lock lock(mutex_);
    tokens_.erase(id);
}

void TokenTable::clear() {
    const std::unique_lock lock(mutex_);
    tokens_.clear();
}

std::size_t TokenTable::size() const {
    const std::shared_lock lock(mutex_);
    return tokens_.size();
}

std::shared_ptr<const Token> TokenTable::verify(std::string_view bearer, Timestamp now) const {
    const std::optional<ParsedToken> parsed = parse_token(bearer);
    if (!parsed) return nullptr;
    std::shared_ptr<const Token> token;
    {
        const std::shared_lock lock(mutex_);
        const auto found = tokens_.find(parsed->id);
        if (found == tokens_.end()) return nullptr;
        token = found->second;
    }
    if (sodium_memcmp(token->hash.data(), parsed->hash.data(), parsed->hash.size()) != 0) return nullptr;
    if (token->expires_at && *token->expires_at <= now) return nullptr;
    return token;
}

}  // namespace pic::access
