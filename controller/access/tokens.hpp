// API tokens: "pic_<id>_<secret>". The id (32 hex digits, the token's UUID without dashes) finds the row, the
// secret (256 random bits in base64url) proves it. Stored is the secret's SHA-256: with so much entropy a
// slow hash would only slow every request. The log knows a token's name, scopes and expiry; its hash lies in
// the vault, and this table joins the two in memory, so that a bearer costs one hash and one look-up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/vault/secret.hpp"
#include "schema/rejection.hpp"
#include "schema/scalars.hpp"
#include "schema/units.hpp"

namespace pic::access {

/// What a caller may do: "<area>:read" or "<area>:write" ("peers:write"), "*:read", "*:write", or "*" for
/// everything. Write includes read. An area is [a-z][a-z0-9_-]*.
class Scopes {
  public:
    /// Rejection scope_invalid with a pointer to the entry ("/0").
    [[nodiscard]] static Result<Scopes> parse(std::span<const std::string> scopes);
    [[nodiscard]] static Scopes everything();

    /// `needed` as a route declares it, e.g. "peers:read".
    [[nodiscard]] bool allows(std::string_view needed) const;
    /// What both these and `bound` allow.
    [[nodiscard]] Scopes within(const Scopes& bound) const;
    /// May one who holds these hand out `others`?
    [[nodiscard]] bool covers(const Scopes& others) const;
    [[nodiscard]] const std::vector<std::string>& list() const { return scopes_; }

  private:
    std::vector<std::string> scopes_;
};

/// The one rule of who may do what, for REST, websocket and bus alike. Rejection forbidden, which says what
/// is missing.
[[nodiscard]] Result<void> authorize(const Scopes& held, std::string_view needed);

struct NewToken {
    vault::Secret text;  ///< "pic_<id>_<secret>", shown once
    vault::Secret hash;  ///< 32 bytes for the vault: "token/<uuid>/hash"
};
[[nodiscard]] NewToken make_token(const Uuid& id);

/// A bearer taken apart; nothing for any other form.
struct ParsedToken {
    Uuid id;
    Digest hash{};
};
[[nodiscard]] std::optional<ParsedToken> parse_token(std::string_view bearer);

/// Whether an address lies in one of the networks. `address`: dotted quad, IPv6, IPv4-mapped IPv6 (which is
/// the IPv4 address), or "local" for loopback; anything else lies nowhere.
[[nodiscard]] bool is_within(std::span<const Cidr> networks, std::string_view address);

struct Token {
    Uuid id;
    std::string name;
    std::string owner;  ///< the user's id it acts for
    Scopes scopes;
    std::optional<Timestamp> expires_at;
    std::vector<Cidr> sources;  ///< where it may come from; none: anywhere
    Digest hash{};

    /// `remote`: an address, or "local" (the host itself, which counts as loopback).
    [[nodiscard]] bool may_come_from(std::string_view remote) const;
};

/// All tokens, in memory. Readers share a lock; a change is rare.
class TokenTable {
  public:
    void put(Token token);
    void remove(const Uuid& id);
    void clear();
    [[nodiscard]] std::size_t size() const;

    /// The token a bearer proves. Nothing: malformed, unknown, expired or wrong; which one is nobody's
    /// business.
    [[nodiscard]] std::shared_ptr<const Token> verify(std::string_view bearer, Timestamp now) const;

  private:
    struct IdHash {
        std::size_t operator()(const Uuid& id) const noexcept;
    };
    mutable std::shared_mutex mutex_;
    std::unordered_map<Uuid, std::shared_ptr<const Token>, IdHash> tokens_;
};

}  // namespace pic::access
