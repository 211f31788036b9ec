// CURVE key pairs (RFC 26/ZAP: Curve25519, written as 40 characters of Z85, RFC 32). The secret half is a
// type without a formatter, wiped when it goes, so that it cannot slip into a log line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "schema/rejection.hpp"

namespace pic::bus {

inline constexpr std::size_t raw_key_length = 32;  ///< bytes
inline constexpr std::size_t z85_key_length = 40;  ///< the same as text

/// 40 characters of Z85 that must not be seen.
class SecretKey {
  public:
    SecretKey() = default;
    explicit SecretKey(std::string z85) : z85_(std::move(z85)) {}
    SecretKey(const SecretKey&) = default;
    SecretKey(SecretKey&&) = default;
    SecretKey& operator=(const SecretKey&) = default;
    SecretKey& operator=(SecretKey&&) = default;
    ~SecretKey();

    /// The very characters; hand them on to ZeroMQ or to the vault, to nobody else.
    [[nodiscard]] const std::string& reveal() const { return z85_; }

  private:
    std::string z85_;
};

struct KeyPair {
    std::string public_key;  ///< Z85
    SecretKey secret_key;
};

/// A new pair (zmq_curve_keypair(3)). Throws std::runtime_error where libzmq was built without CURVE.
[[nodiscard]] KeyPair make_key_pair();

/// Whether these are 40 characters of Z85 that decode to 32 bytes.
[[nodiscard]] bool is_key(std::string_view z85);

/// The pair of a secret key (zmq_curve_public(3)). Refusal: "bad_key".
[[nodiscard]] Result<KeyPair> key_pair_of(SecretKey secret);

/// Writes the pair as two lines, public first, to a new file of mode 0600, synced. Refusals: "key_file".
[[nodiscard]] Result<void> save_key_pair(const std::filesystem::path& file, const KeyPair& pair);

/// Reads it back. Refusals: "key_file" (missing, unreadable, not 0600-like: group or others may read),
/// "bad_key".
[[nodiscard]] Result<KeyPair> load_key_pair(const std::filesystem::path& file);

/// load_key_pair(), or make and save one where there is no file.
[[nodiscard]] Result<KeyPair> load_or_make_key_pair(const std::filesystem::path& file);

}  // namespace pic::bus
