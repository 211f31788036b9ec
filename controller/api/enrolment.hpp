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

/// Whom a token names, which proves nothing yet; nothing where it is malformed.
struct Invitation {
    accounts::BusKind kind = accounts::BusKind::agent;
    Uuid id;
};
[[nodiscard]] std::optional<Invitation> named_in(std::string_view token);
/// The client that was invited, enrolled or not; null: there is none.
[[nodiscard]] const accounts::BusClient* client_of(const World& world, const Invitation& who);
/// Whether the token is that of an invitation which nobody has used yet.
[[nodiscard]] bool opens(core::Cell& cell, const Invitation& who, std::string_view token);

}  // namespace pic::api
