// Authenticated encryption, as the vault uses it. A sealed value says nothing about where it belongs, so the
// place is bound to it as associated data: moved to another row, it no longer opens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/vault/secret.hpp"

namespace pic::vault {

inline constexpr std::size_t key_bytes = 32;

/// A place, unambiguous: every part is preceded by its length.
class Place {
  public:
    explicit Place(std::string_view kind) { add(kind); }
    Place& add(std::string_view part);
    Place& add(std::uint64_t number);
    [[nodiscard]] std::string_view bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

using Sealed = std::vector<unsigned char>;

/// XChaCha20-Poly1305 (IETF) with a random nonce before the ciphertext: 40 bytes longer than `plain`.
[[nodiscard]] Sealed seal(const Secret& key, const Place& place, const Secret& plain);
/// Nothing: wrong key, wrong place, or altered.
[[nodiscard]] std::optional<Secret> unseal(const Secret& key, const Place& place,
                                           std::span<const unsigned char> sealed);

/// Keyed BLAKE2b of a place, for rows that are public but must not be forged. 32 bytes.
[[nodiscard]] Sealed sign_place(const Secret& key, const Place& place);
[[nodiscard]] bool place_is_signed(const Secret& key, const Place& place,
                                   std::span<const unsigned char> signature);

}  // namespace pic::vault
