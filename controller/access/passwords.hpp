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

#include "controller/access/password_rules.hpp"
#include "controller/vault/secret.hpp"
#include "schema/rejection.hpp"

namespace pic::access {

struct PasswordOptions {
    std::uint64_t passes = 3;
    std::uint64_t memory = std::uint64_t{64} << 20;  ///< bytes
    std::size_t at_once = 2;
    std::size_t queue_limit = 32;  ///< waiting; beyond: rejection sign_in_busy
};

/// One password in every form that the cell needs (a service verifies in its own way, none of them by
/// argon2id).
struct PasswordForms {
    vault::Secret argon2id;  ///< "$argon2id$...": signing in
    vault::Secret bcrypt;    ///< "$2y$10$...": htpasswd files. Of the password's first 72 bytes
    vault::Secret sha512;    ///< "$6$rounds=...": SHA512-CRYPT of crypt(5)
};

/// The forms for services alone, of a random password: cheap, since there is nothing to slow down for.
struct ServiceForms {
    vault::Secret bcrypt, sha512;
};
[[nodiscard]] ServiceForms hash_random_password(const vault::Secret& password);

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
    /// The same in all forms, waiting for it: for a worker thread.
    [[nodiscard]] Result<PasswordForms> hash_all(vault::Secret password);

    struct Verdict {
        bool matches = false;
        bool outdated = false;  ///< made with other costs than today's: hash anew
    };
    using Verified = std::move_only_function<void(Result<Verdict>)>;
    /// `stored` is nothing for an unknown user: a dummy hash is verified then, in the same time, and does not
    /// match.
    void verify(vault::Secret password, std::optional<vault::Secret> stored, Verified done);

    /// How many argon2id hashes were computed, to make one or to verify.
    [[nodiscard]] std::uint64_t computed() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pic::access
