// What `wg syncconf` is blind to, checked before anything changes. wg(8) gives an allowed network that two
// peers claim to the one that comes last, takes two sections with one key for one peer, and prints a
// malformed key in its complaint, which would carry a secret into a report.
#pragma once

#include <string_view>

#include "schema/rejection.hpp"

namespace pic::agent {

/// Refusal: "bad_config" with the line's number, never with a key. Knows the keys of wg(8), "CONFIGURATION
/// FILE FORMAT".
[[nodiscard]] Result<void> check_wireguard(std::string_view text);

}  // namespace pic::agent
