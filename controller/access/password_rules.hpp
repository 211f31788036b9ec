// Which passwords are taken: long ones that not everybody knows. Length and guessability are all that counts
// (NIST SP 800-63B 5.1.1.2): rules about capitals and digits were rejected, since they make "Password1!" of
// "password".
//
// The list of common passwords is short because it is compared with what is left of a password once its
// decoration is gone: "P4ssw0rd!2026" is "password". Repetitions, runs along the alphabet or the keyboard,
// and the person's own name are none either.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "controller/vault/secret.hpp"
#include "schema/rejection.hpp"

namespace pic::access {

inline constexpr std::size_t password_length_min = 10;  ///< bytes
inline constexpr std::size_t password_length_max =
    1024;  ///< bytes; hashing more would be free work for strangers

/// Rejections password_too_short, password_too_long, password_common. `names`: of the person and the cell.
[[nodiscard]] Result<void> check_new_password(const vault::Secret& password,
                                              std::span<const std::string_view> names = {});

}  // namespace pic::access
