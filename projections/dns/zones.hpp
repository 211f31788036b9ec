// Which zones the cell is the authority of: its domain, and the reverse zones of its networks.
//
// A reverse zone is cut where DNS can cut, at whole octets or nibbles. An IPv4 network of /24 or narrower
// lies in the zone of its /24, a wider one in that of its /16, and a network wider than /16
// in 10.in-addr.arpa or, within 172.16.0.0/12 whose /8 is not all private, in one zone a /16. (RFC 2317's
// CNAMEs were rejected: they are for delegating part of a /24 to somebody else, and there is nobody else
// here.)
#pragma once

#include <string>
#include <vector>

#include "projections/cell/cell.hpp"

namespace pic::dns {

enum class ZoneKind { forward, reverse4, reverse6 };

struct Zone {
    ZoneKind kind = ZoneKind::forward;
    std::string origin;  ///< lower case, A-labels, without the last dot
    Cidr4 four;          ///< of reverse4: the addresses whose names lie in the zone
    friend bool operator==(const Zone&, const Zone&) = default;
};

/// In the order forward, reverse of IPv4, reverse of IPv6; no two alike.
[[nodiscard]] std::vector<Zone> zones_of(const cell::Settings<Plain>& settings);

/// Path of the zone's artefact.
[[nodiscard]] std::string path_of(const Zone& zone);

/// The narrowest of the zones that the address's name lies in, or nullptr.
[[nodiscard]] const Zone* reverse_zone(const std::vector<Zone>& zones, Ipv4 address);
[[nodiscard]] const Zone* reverse_zone(const std::vector<Zone>& zones, const cell::Settings<Plain>& settings,
                                       const Ipv6& address);

/// RFC 1035 3.5, RFC 3596 2.5: "2.0.8.10.in-addr.arpa", without the last dot.
[[nodiscard]] std::string reverse_name(Ipv4 address);
[[nodiscard]] std::string reverse_name(const Ipv6& address);
/// The inverse of reverse_name() for a whole address.
[[nodiscard]] std::optional<std::string> address_of_reverse_name(std::string_view name);

/// Whether `name` is `zone` or lies below it.
[[nodiscard]] bool within(std::string_view name, std::string_view zone);

}  // namespace pic::dns
