// Passwords, hashed with argon2id (RFC 9106). A hash costs 64 MiB and a tenth of a second by design, so it
// has threads of its own, at most two at work, and a bounded queue: a flood of sign-ins slows sign-ins and
// nothing else. Hashes are strings in libsodium's form ("$argon2id$v=19$..."), kept in the vault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/vault/secret.hpp"
#include "schema/rejection.hpp"

namespace pic::access {

inline constexpr std::size_t password_length_min = 10;  ///< bytes
inline constexpr std::size_t password_length_max =
    1024;  ///< bytes; hashing more would be free work for strangers

struct PasswordOptions {
    std::uint64_t passes = 3;
    std::uint64_t memory = std::uint64_t{64} << 20;  ///< bytes
    std::size_t at_once = 2;
    std::size_t queue_limit = 32;  ///< waiting; beyond: rejection sign_in_busy
};

/// Rejections password_too_short, password_too_long.
[[nodiscard]] Result<void> check_new_password(const vault::Secret& password);

class Passwords {
  public:
    explicit Passwords(PasswordOptions options = {});
    /// Waits for what is being hashed; what still waits in the queue ends with shutting_down.
    ~Passwords();
    Passwords(const Passwords&) = delete;
    Passwords& operator=(const Passwords&) = delete;

    /// Each callback is called exactly once: on a thread of the pool, or at once on the caller's when the
    /// queue is full. Rejections: sign_in_busy, shutting_down, password_too_long.
    using Hashed = std::move_only_function<void(Result<vault::Secret>)>;
    void hash(vault::Secret password, Hashed done);

    struct Verdict {
        bool matches = false;
        bool outdated = false;  ///< made with other costs than today's: hash anew
    };
    using Verified = std::move_only_function<void(Result<Verdict>)>;
    /// `stored` is nothing for an unknown user: a dummy hash is verified then, in the same time, and does not
    /// match.
    void verify(vault::Secret password, std::optional<vault::Secret> stored, Verified done);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pic::access
