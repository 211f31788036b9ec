// The second factor: six digits every thirty seconds (TOTP, RFC 6238, as every authenticator has it: SHA-1,
// 30 s), by liboath. A code counts once: the step of the last one that was taken is remembered, and only
// later ones are looked at, so that a code that was watched or recorded is worth nothing.
//
// Recovery codes stand in for a lost device: eighty random bits each, kept as hashes, each good for one
// sign-in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/vault/secret.hpp"
#include "schema/units.hpp"

namespace pic::access {

inline constexpr std::int64_t totp_step_ms = 30'000;
inline constexpr std::size_t recovery_code_count = 10;

/// 160 random bits (RFC 4226 4, R6).
[[nodiscard]] vault::Secret make_totp_secret();
/// As authenticators want it typed.
[[nodiscard]] vault::Secret base32(const vault::Secret& secret);
/// otpauth://totp/<issuer>:<account>?secret=... : what the QR code says. Issuer and account are labels or
/// host names.
[[nodiscard]] vault::Secret totp_uri(const vault::Secret& secret, std::string_view issuer,
                                     std::string_view account);
/// The step that `code` is of: now's, or its neighbours' (clocks differ). Nothing: wrong.
[[nodiscard]] std::optional<std::int64_t> totp_step(const vault::Secret& secret, std::string_view code,
                                                    Timestamp now);

struct RecoveryCodes {
    std::vector<std::string> texts;  ///< "abcd-efgh-jkmn-pqrs", shown once
    vault::Secret hashes;            ///< for the vault
};
[[nodiscard]] RecoveryCodes make_recovery_codes();
/// The hashes that are left once `code` is used. Nothing: it is none of them.
[[nodiscard]] std::optional<vault::Secret> use_recovery_code(const vault::Secret& hashes,
                                                             std::string_view code);

}  // namespace pic::access
