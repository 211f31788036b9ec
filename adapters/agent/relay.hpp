// Lets those inside a private network reach one service outside it: datagrams and connections that come in on
// sockets of that network are passed to an address of the host. It is how a laptop in the tunnel asks the
// cell's DNS in the local runtime, where no container network joins the two. Bounded: beyond its limits a
// datagram is dropped and a connection closed, which a DNS client takes for a lost packet. One thread a
// relay.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "adapters/agent/process.hpp"
#include "schema/rejection.hpp"

namespace pic::agent {

inline constexpr std::size_t relay_datagrams = 256;  ///< awaiting their answer
inline constexpr std::size_t relay_connections = 64;
inline constexpr std::chrono::seconds relay_patience{
    5};  ///< for an answer, or for the next byte of a connection

class Relay {
  public:
    /// Takes bound UDP sockets and listening TCP sockets; closes a connection that was silent for `patience`.
    /// Refusal: "relay" when `to` is no address:port.
    static Result<std::unique_ptr<Relay>> start(std::vector<Fd> datagrams, std::vector<Fd> listeners,
                                                const std::string& to,
                                                std::chrono::milliseconds patience = relay_patience);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

  private:
    struct State;
    explicit Relay(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pic::agent
