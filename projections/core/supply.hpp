// What a decision needs from the impure world (fresh ids, keys, the time) is brought to the command before it
// is decided, through this interface. So decide() stays pure and can be tried again in a batch, and a new
// secret is in the vault before any event speaks of it.
#pragma once

#include <string>

#include "schema/artefact.hpp"
#include "schema/scalars.hpp"
#include "schema/units.hpp"

namespace pic {

/// A new key pair: the public half, and where the vault keeps the private one.
struct SealedKeyPair {
    WgKey public_key;
    SecretRef private_key;
};

class Supply {
  public:
    virtual ~Supply() = default;
    [[nodiscard]] virtual Timestamp now() = 0;
    /// A fresh UUIDv7.
    [[nodiscard]] virtual Uuid uuid() = 0;
    /// `bytes` (at most 32) of randomness, for prefixes and the like. Not for secrets: it may end up in an
    /// event.
    [[nodiscard]] virtual std::uint64_t random() = 0;
    /// A WireGuard key pair whose private half is sealed as "<subject>/private_key".
    [[nodiscard]] virtual SealedKeyPair wireguard_key_pair(const std::string& subject) = 0;
    /// A WireGuard preshared key, sealed as "<subject>/preshared_key".
    [[nodiscard]] virtual SecretRef preshared_key(const std::string& subject) = 0;
};

}  // namespace pic
