// Who listens at a port of this machine, from /proc/net and /proc/<pid>/fd (proc(5)): what `ss -lntup`
// prints, without needing it. A process of another user keeps its descriptors to itself, so a name is not
// always to be had.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pic::health {

struct Listener {
    bool tcp = false;
    std::uint16_t port = 0;
    std::uint64_t inode = 0;
};

/// The text of /proc/net/{tcp,tcp6,udp,udp6}: sockets that listen, and for UDP those that are bound and not
/// connected.
[[nodiscard]] std::vector<Listener> parse_listeners(std::string_view table, bool tcp);

/// "name (pid 12)" of the process that has this port, "" where it cannot be seen; nothing where the port is
/// free.
[[nodiscard]] std::optional<std::string> port_owner(std::uint16_t port, bool tcp);

}  // namespace pic::health
