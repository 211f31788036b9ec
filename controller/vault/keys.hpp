// The key pairs that the cell makes. Made at the edge, before a command is decided: the private half goes
// into the vault, the public half into the command, and the domain stays pure.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controller/vault/secret.hpp"

namespace pic::vault {

/// X25519 (RFC 7748), clamped as wg(8) genkey does; both halves canonical base64 of 32 bytes, as
/// configurations hold them.
struct WireguardKeyPair {
    Secret private_key;
    std::string public_key;
};

[[nodiscard]] WireguardKeyPair make_wireguard_key_pair();
/// As `wg pubkey`; nothing if the text is not canonical base64 of 32 bytes.
[[nodiscard]] std::optional<std::string> wireguard_public_key(const Secret& private_key);
/// As `wg genpsk`: 32 random bytes in base64.
[[nodiscard]] Secret make_wireguard_preshared_key();

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

/// Ed25519 (RFC 8032). Kept in the vault as its 32-byte seed.
class SigningKey {
  public:
    /// A new seed, to be put into the vault.
    [[nodiscard]] static Secret make_seed();
    /// Nothing unless the seed has 32 bytes.
    [[nodiscard]] static std::optional<SigningKey> from_seed(const Secret& seed);

    [[nodiscard]] const Ed25519PublicKey& public_key() const { return public_key_; }
    [[nodiscard]] Ed25519Signature sign(std::span<const std::uint8_t> message) const;

  private:
    SigningKey(Secret secret_key, Ed25519PublicKey public_key);
    Secret secret_key_;
    Ed25519PublicKey public_key_;
};

[[nodiscard]] bool ed25519_verify(const Ed25519PublicKey& key, std::span<const std::uint8_t> message,
                                  const Ed25519Signature& signature);

}  // namespace pic::vault
