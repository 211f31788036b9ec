// On which ports of the cell's address in the VPN a peer finds each service: what the firewall lets through,
// and what adapters/wireguard/adapter.json passes on to the service. One table, since the two must not part.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pic::wireguard {

struct ServicePort {
    std::string_view service;
    std::string_view protocol;  ///< as nft spells it
    std::uint16_t port;
};

inline constexpr std::array service_ports{
    ServicePort{"dns", "udp", 53},       ServicePort{"dns", "tcp", 53},
    ServicePort{"ntp", "udp", 123},      ServicePort{"mail", "tcp", 25},
    ServicePort{"mail", "tcp", 465},     ServicePort{"mail", "tcp", 587},
    ServicePort{"mail", "tcp", 993},     ServicePort{"calendar", "tcp", 5232},
    ServicePort{"files", "tcp", 8080},   ServicePort{"proxy", "tcp", 80},
    ServicePort{"proxy", "tcp", 443},    ServicePort{"proxy", "udp", 443},
    ServicePort{"webmail", "tcp", 8888},
};

}  // namespace pic::wireguard
