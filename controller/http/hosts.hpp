// Which Host headers are ours: the defence against DNS rebinding, where a foreign name is made to lead here.
// Loopback names, addresses of this host, configured names, and what the cell says is its own; nothing else,
// no suffix matching. Behind a published port the host's addresses are not ours to see; there `any_address`
// among the configured names lets every literal address pass, which is safe: an address cannot be made to
// lead elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "controller/http/ports.hpp"

namespace pic::http {

inline constexpr std::string_view any_address = "any-address";

class Hosts {
  public:
    Hosts(const std::vector<std::string>& configured, const Gatekeeper& gatekeeper);

    /// `host`: a Host header, with or without a port.
    [[nodiscard]] bool knows(std::string_view host);

  private:
    void read_addresses();

    const Gatekeeper& gatekeeper_;
    bool any_address_ = false;
    std::unordered_set<std::string> names_;
    std::unordered_set<std::string> addresses_;
    std::chrono::steady_clock::time_point read_at_;
};

/// The name or address of a Host header, lower case, without port and brackets; empty when it cannot be read.
[[nodiscard]] std::string host_name(std::string_view host);

}  // namespace pic::http
