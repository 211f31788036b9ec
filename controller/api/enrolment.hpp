// One-time tokens that let a new agent or subscriber bring its key: "enr_<kind letter><32 hex
// digits>_<secret>". The id finds the invitation, the secret (256 random bits) proves it; the vault keeps the
// secret's hash, the log a reference to it, and once used it is void.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/core/cell.hpp"
#include "projections/accounts/accounts.hpp"

namespace pic::api {

struct EnrolmentToken {
    vault::Secret text;  ///< shown once
    vault::Secret hash;  ///< for the vault
};
[[nodiscard]] EnrolmentToken make_enrolment_token(accounts::BusKind kind, const Uuid& id);
/// The name of the hash in the vault.
[[nodiscard]] std::string enrolment_secret(accounts::BusKind kind, const Uuid& id);

/// Who a token stands for; nothing where it is malformed, unknown, used or wrong (which one is nobody's
/// business).
struct Invitation {
    accounts::BusKind kind = accounts::BusKind::agent;
    Uuid id;
};
[[nodiscard]] std::optional<Invitation> check_enrolment_token(core::Cell& cell, std::string_view token);

}  // namespace pic::api
