// The firewall in front of the tunnel: cell.nft, one table of our own, replaced as a whole and atomically by
// nft(8), so that nobody else's rules (those of Docker's resolver, say) are ever touched. Closed: a packet
// passes where a peer's own settings, a rule, a forward or the answer to something allowed says so, and is
// counted where none does.
//
// A fragment a peer, a rule and a forward. Fragments are commands to nft, which runs them in order within one
// transaction: the table and its chains first, then `add element` and `add rule`. (Rejected: nft's nested
// form for everything, where one more peer would rewrite a set; a set a service, where a peer with few rights
// is spread over many.)
#pragma once

#include "projections/core/render.hpp"

namespace pic {
class World;
}

namespace pic::wireguard {

inline constexpr char firewall_path[] = "cell.nft";

/// Puts what may differ from `before`; with no `before` all of it.
void put_firewall(const World* before, const World& now, Renderer& out);

}  // namespace pic::wireguard
