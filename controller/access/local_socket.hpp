// Who is at the other end of the unix socket in the data folder. The kernel says so (SO_PEERCRED, unix(7)):
// no password is needed on the host itself for the daemon's own user or root, and position on the network
// never stands in for it.
#pragma once

#include <sys/types.h>

#include <optional>

namespace pic::access {

struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

/// Nothing unless `socket` is a connected unix socket.
[[nodiscard]] std::optional<PeerCredentials> peer_credentials(int socket);

/// The daemon's own user or root: an operator.
[[nodiscard]] bool is_operator(const PeerCredentials& peer);

}  // namespace pic::access
