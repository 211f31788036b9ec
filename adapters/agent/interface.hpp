// Brings a network interface to the addresses, MTU and routes that it should have, touching only what
// differs: sessions over addresses that stay are not disturbed. By ip(8) rather than netlink: it runs when
// addresses change, which is seldom, and its JSON is documented.
#pragma once

#include <string>

#include "adapters/agent/process.hpp"
#include "schema/rejection.hpp"

namespace pic::agent {

struct InterfaceSettings {
    std::string name;
    std::string addresses;  ///< with prefix length, separated by spaces
    std::string mtu;        ///< decimal; empty: as it is
    std::string routes;     ///< networks, separated by spaces
};

/// Refusal: "interface" with what ip(8) said. `ip` is its path, `space` the namespace of the interface.
[[nodiscard]] Result<void> set_interface(const std::string& ip, const Namespace* space,
                                         const InterfaceSettings& wanted);

/// "10.8.0.1/24" in the spelling that ip(8) prints; empty when it is no address with a prefix length.
[[nodiscard]] std::string canonical_network(const std::string& text);

/// The words of a text separated by spaces.
[[nodiscard]] std::vector<std::string> words(const std::string& text);

}  // namespace pic::agent
