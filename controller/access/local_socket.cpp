#include "controller/access/local_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace pic::access {

std::optional<PeerCredentials> peer_credentials(int socket) {
    // SO_PEERCRED answers -1 for a TCP socket instead of failing, so the family is asked first.
    sockaddr_storage address{};
    socklen_t address_length = sizeof address;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &address_length) != 0 ||
        address.ss_family != AF_UNIX) {
        return std::nullopt;
    }
    ucred peer{};
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || length != sizeof peer ||
        peer.pid <= 0) {
        return std::nullopt;
    }
    return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

bool is_operator(const PeerCredentials& peer) { return peer.uid == 0 || peer.uid == geteuid(); }

}  // namespace pic::access
