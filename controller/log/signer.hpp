// Signatures of the chain's head (Ed25519, RFC 8032, by libsodium). A hash chain alone shows that history was
// bent, not by whom: whoever can write the file can compute it anew. A signature cannot be made anew without
// the key. The key signs nothing but heads, is not the cell's identity, and rotates: a verifier is given
// every key with the range in which it counts. The store knows an interface alone, so that the key may live
// in the vault.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "schema/units.hpp"

namespace pic::log {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
using Seed = std::array<std::uint8_t, 32>;  ///< of an Ed25519 key pair: secret

/// Signs on the writer's thread; must be quick (tens of microseconds).
class Signer {
  public:
    virtual ~Signer() = default;
    [[nodiscard]] virtual PublicKey public_key() const = 0;
    [[nodiscard]] virtual Signature sign(std::string_view message) const = 0;
};

/// A key and the events whose heads it may sign.
struct TrustedKey {
    PublicKey key{};
    Sequence from;                  ///< from this event on every head that is due must be signed
    std::optional<Sequence> until;  ///< last event that it may sign; nothing: still in use
};

/// A signer with the key in memory of its own, locked and wiped (sodium_malloc). The seed stays the caller's
/// to wipe.
[[nodiscard]] std::shared_ptr<const Signer> make_ed25519_signer(std::span<const std::uint8_t, 32> seed);

[[nodiscard]] bool signature_is_valid(const PublicKey& key, std::string_view message,
                                      const Signature& signature);

}  // namespace pic::log
