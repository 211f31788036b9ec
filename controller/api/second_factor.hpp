// Signing in beyond the password, and being asked again: a code of the second factor or a recovery code, and
// the fresh sign-in that looking at a secret wants (step-up).
#pragma once

#include <optional>
#include <string>

#include "controller/api/handlers.hpp"
#include "projections/accounts/accounts.hpp"

namespace pic::api {

/// Whether `code` (of the authenticator, or a recovery code) is this person's and has not been used before;
/// it is used up. May wait for the disk, and for the log where a recovery code goes. Rejections:
/// second_factor_required (none was given), second_factor_wrong, and what the log refuses.
[[nodiscard]] Result<void> check_second_factor(Context& c, const accounts::User& user,
                                               const std::optional<std::string>& code,
                                               const http::Request& request);

/// Whether a principal has signed in just now (or is root on the host): else rejection step_up_required.
[[nodiscard]] Result<void> check_fresh(Context& c, const http::Principal& who);

}  // namespace pic::api
