#include "projections/dns/corefile.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/dns/dns.hpp"
#include "projections/stack/stack.hpp"
#include "projections/world.hpp"

namespace pic::dns {
namespace {

constexpr unsigned cache_seconds = 3600;  ///< at most; an upstream's own TTL where it is shorter

std::string servers_text(const std::vector<SocketAddress>& servers) {
    constexpr std::uint16_t dns_port = 53;
    std::string text;
    for (const auto& server : servers) {
        text += ' ' + to_string(SocketAddress{server.address, server.port == 0 ? dns_port : server.port});
    }
    return text;
}

/// Who may ask: this host, and the cell's own networks. Nobody can make an open resolver of a cell by a port
/// too many.
std::string allowed(const World& world) {
    const auto& c = world.get<cell::Service>().cell.settings;
    auto text = fmt::format("127.0.0.0/8 ::1/128 {} {}", to_string(c.vpn_range), to_string(c.vpn_range6));
    if (c.lan_range) text += ' ' + to_string(*c.lan_range);
    if (const auto& stack = world.get<stack::Service>().stack; stack.configured) {
        text += ' ' + to_string(stack.settings.cell_network);
    }
    return text;
}

/// CoreDNS takes the first forward that covers a name, so the longest domain comes first.
std::vector<Forward> narrowest_first(std::vector<Forward> forwards) {
    const auto labels = [](const Forward& f) {
        return std::count(f.domain.text.begin(), f.domain.text.end(), '.');
    };
    std::stable_sort(forwards.begin(), forwards.end(),
                     [&](const Forward& a, const Forward& b) { return labels(a) > labels(b); });
    return forwards;
}

std::string corefile(const World& world) {
    const auto& upstreams = world.get<Service>().upstreams;
    std::string text = ".:{$PIC_DNS_PORT} {\n    bind {$PIC_DNS_BIND}\n    errors\n";
    text += fmt::format("    acl {{\n        allow net {}\n        block\n    }}\n", allowed(world));
    text += "    zones {$PIC_LIVE}/zones\n";
    if (has_blocklists(world)) text += "    blocklists {$PIC_LIVE}/blocklists\n";
    text += fmt::format("    cache {}\n", cache_seconds);
    for (const auto& forward : narrowest_first(upstreams.forwards))
        text += fmt::format("    forward {}{}\n", forward.domain.text, servers_text(forward.servers));
    if (!upstreams.servers.empty()) {
        text += fmt::format("    forward .{} {{\n        policy sequential\n    }}\n",
                            servers_text(upstreams.servers));
    }
    return text + "}\n";
}

}  // namespace

void put_corefile(const World* before, const World& now, Renderer& out) {
    const auto version = [](const World& world) {
        return std::tuple(world.get<cell::Service>().cell.version, world.get<Service>().upstreams.version,
                          world.get<stack::Service>().stack.version, has_blocklists(world));
    };
    if (before == nullptr || version(*before) != version(now)) out.put(corefile_path, "0", corefile(now));
}

}  // namespace pic::dns
