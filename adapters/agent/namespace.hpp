// A network of its own for the programs of one service, so that trying the product changes nothing of the
// host's: a network namespace, and a mount namespace with private tmpfs over the folders that a program
// insists on (wireguard-go has /var/run/wireguard built in). Root makes them as they are; others inside a
// user namespace of their own (user_namespaces(7)). A `sleep` started inside keeps them open and gives people
// a pid for nsenter(1) and `ip link set ... netns <pid>`; it dies with the agent, and the namespace with its
// last program. (Rejected: `ip netns`, which wants root and leaves names behind in /run.)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "adapters/agent/process.hpp"
#include "schema/rejection.hpp"

namespace pic::agent {

/// A socket of the network that the agent is in, bound to an address, as Namespace::open_socket() gives one
/// of another.
[[nodiscard]] Result<Fd> open_socket(const std::string& address, std::uint16_t port, bool listen);

class Namespace {
  public:
    /// Makes the namespaces. To be called by a thread that lives as long as they are needed. Each of
    /// `private_folders` is an absolute path; where one does not exist, its nearest existing parent is
    /// covered instead, unless that would hide one of `needed`. Refusal: "namespace", with the sentence that
    /// says what the machine did not allow.
    static Result<Namespace> make(const std::vector<std::string>& private_folders,
                                  const std::vector<std::string>& needed);

    /// Of the process that holds it open.
    [[nodiscard]] pid_t holder() const { return holder_->pid(); }

    /// Moves the calling process in. Async-signal-safe; only for a process with one thread, after fork.
    [[nodiscard]] bool enter() const;

    /// A socket of that network, bound to an address. `listen`: a TCP socket that listens, else UDP. Refusal:
    /// "socket".
    [[nodiscard]] Result<Fd> open_socket(const std::string& address, std::uint16_t port, bool listen) const;

  private:
    Namespace() = default;

    std::optional<Child> holder_;
    Fd user_;  ///< none where root needs none
    Fd network_;
    Fd mounts_;
};

}  // namespace pic::agent
