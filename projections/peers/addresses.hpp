// Places in the VPN's networks. A peer keeps its place (the host part of its addresses) when the networks
// move.
#pragma once

#include "projections/peers/peers.hpp"

namespace pic::peers {

/// The lowest address of the range that nobody has, or `range_full`. Logarithmic.
[[nodiscard]] Result<Ipv4> free_address(const World& world);

/// The IPv6 address with the host number of the IPv4 one, so that people can read one from the other; past it
/// where taken.
[[nodiscard]] Ipv6 free_address6(const World& world, Ipv4 address);

/// The same place in another network, or nothing where that has no such place.
[[nodiscard]] std::optional<Ipv4> moved(Ipv4 address, const Cidr4& from, const Cidr4& to);
/// `to` is a /64, as every vpn_range6.
[[nodiscard]] Ipv6 moved(const Ipv6& address, const Cidr6& to);

}  // namespace pic::peers
