// A person's password, sealed in all its forms: the same for whoever sets it, an administrator, the person, a
// guest who joins.
#pragma once

#include "controller/access/passwords.hpp"
#include "controller/core/cell.hpp"
#include "projections/accounts/accounts.hpp"

namespace pic::api {

/// Checks, hashes and seals a new password; waits for it, so for a worker thread. Rejections:
/// password_too_short, password_too_long, password_common, sign_in_busy, vault_unwritable.
[[nodiscard]] Result<accounts::PasswordRefs> seal_new_password(core::Cell& cell, access::Passwords& passwords,
                                                               const Uuid& user, const Label& username,
                                                               std::string_view password);

}  // namespace pic::api
