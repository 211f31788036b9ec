// The rules that a peer keeps, whichever command made it so.
#pragma once

#include "projections/peers/peers.hpp"

namespace pic::peers {

struct Candidate {
    const Settings<Plain>& settings;
    const Settings<Plain>* before = nullptr;  ///< only what differs is looked at; none: a new peer
    const Uuid& id;
    Moving moving = {};  ///< who gives up what it has in the same change
};

/// `invalid_field`, `name_taken`, `address_taken`, `key_taken` or `network_taken`.
[[nodiscard]] Result<void> check(const World& world, const Candidate& peer);

/// An expiry that is set must lie in the future. (A restored one need not: the peer comes back as it was,
/// expired.)
[[nodiscard]] Result<void> check_expiry(const Settings<Patch>& changes, Timestamp now);

}  // namespace pic::peers
