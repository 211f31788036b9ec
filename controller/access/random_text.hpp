// Random text that fits into a header, a cookie and a URL: unguessable names and secrets are all made here.
#pragma once

#include <cstddef>

#include "controller/vault/secret.hpp"

namespace pic::access {

/// `bytes` random bytes as base64url without padding (RFC 4648, section 5): 32 bytes are 43 characters.
[[nodiscard]] vault::Secret random_base64url(std::size_t bytes);

/// 80 random bits as people type them: four groups of four lower-case letters and digits of base32,
/// "abcd-efgh-2jkm-npqr".
[[nodiscard]] vault::Secret random_groups();

}  // namespace pic::access
