// An agent's end of the bus. One thread owns the sockets (DEALER for requests, SUB for hints), connects to
// the one configured address, learns the rest by welcome, and comes back by itself for ever. It asks for what
// the agent lacks on start, after each bundle, on a hint and on a timer: losing any single message costs
// time, never a change.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/keys.hpp"
#include "bus/messages.hpp"
#include "bus/timing.hpp"

namespace pic::bus {

struct ClientOptions {
    std::string address;            ///< of the ROUTER, e.g. "tcp://127.0.0.1:5560"
    std::string server_public_key;  ///< Z85; a server that has not its secret half is not talked to
    KeyPair keys;
    std::string software = "pic";  ///< told in hello
    std::vector<std::string> services;
    std::chrono::milliseconds ask_every = ask_interval;
};

/// What an agent does when the bus calls; every function runs on the client's thread and does not throw.
struct AgentHandler {
    virtual ~AgentHandler() = default;
    /// What the agent holds (staged or live) of a service; a default Position: nothing. std::nullopt: busy,
    /// do not ask now; call Client::ask() when that has changed.
    virtual std::optional<Position> have(const std::string& service) = 0;
    /// A bundle whose epoch and sequence do not go back. have() is called again as soon as this returns.
    virtual void on_bundle(Bundle bundle) = 0;
    /// Something to do with what it has; comes once.
    virtual void on_operation(const Operation& operation) = 0;
    virtual void on_up_to_date(const std::string& service, const Position& revision) = 0;
    /// Welcome was received; from here on requests are answered.
    virtual void on_connected(const Welcome& welcome) = 0;
    virtual void on_disconnected() = 0;
    /// Refusals that concern one service ("ahead_of_log", "epoch_went_back", ...) or, with an empty service,
    /// the connection ("key_refused", "protocol_mismatch"). After "ahead_of_log", "wrong_cell",
    /// "epoch_went_back", "sequence_went_back" and "not_allowed" the client asks no more for that service
    /// until the next welcome or ask().
    virtual void on_refused(const std::string& service, const Rejection& why) = 0;
};

class Client {
  public:
    /// Starts the thread. Throws std::runtime_error for a bad address or key. `handler` must outlive the
    /// client.
    Client(ClientOptions options, AgentHandler& handler);
    ~Client();  ///< stop()
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // The following may be called from any thread.

    /// Sends it now, and again after each reconnection until a newer one for the same service takes its
    /// place.
    void report(Report report);
    /// Sends it if connected; live state is not kept.
    void status(Status status);
    /// Asks for a service now, as after a failed apply or when the agent is no longer busy.
    void ask(std::string service);
    /// Says goodbye and ends the thread. Idempotent.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::bus
