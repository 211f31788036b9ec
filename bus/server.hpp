// The controller's end of the bus. One thread owns every socket (ZeroMQ sockets must not be shared): ROUTER
// for requests, PUB for hints, and the ZAP handler that lets keys in. What the controller knows comes in
// through Backend, whose functions all run on that thread, so that a change goes notify() -> wake() -> bundle
// out without another hop. Rejected: a worker pool behind the ROUTER (rendering is incremental and cheap, and
// order would be lost), a poll interval (idle costs nothing, and a change waits for nobody).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bus/keys.hpp"
#include "bus/messages.hpp"

namespace pic::bus {

enum class PeerKind { agent, subscriber };

/// Who a key belongs to. The key is the identity: nothing that a peer says of itself is believed.
struct PeerIdentity {
    PeerKind kind = PeerKind::agent;
    std::string id;                     ///< of the enrolment, unique; what revoke() takes
    std::vector<std::string> services;  ///< an agent may fetch, report and tell the status of these alone
    std::vector<std::string> topics;  ///< a subscriber's; given to Backend::events() and not read by the bus
    friend bool operator==(const PeerIdentity&, const PeerIdentity&) = default;
};

/// An operation is for an agent that has the desired revision: what it lacks comes first.
using FetchAnswer = std::variant<UpToDate, Bundle, Operation>;

/// What the controller does when the bus calls. Every function runs on the bus thread and should not block;
/// one that throws costs its request (code "internal") and is told to fault().
struct Backend {
    virtual ~Backend() = default;
    /// Server::notify() was called at least once since the last wake(): render now. The answers to standing
    /// fetches and the hint go out when this returns.
    virtual void wake() = 0;
    /// Server::foresee() was called and nothing else waits: get ready for the wake() that will probably
    /// follow.
    virtual void foresee() {}
    /// The bus has checked that the agent's key may speak for the service and that its position is not ahead
    /// of the log. `fetch.have` may still be of an older epoch, or a revision that is no longer held: answer
    /// from nothing then.
    virtual Result<FetchAnswer> fetch(const PeerIdentity& who, const Fetch& fetch) = 0;
    virtual void report(const PeerIdentity& who, Report report) = 0;
    virtual void status(const PeerIdentity& who, Status status) = 0;
    /// At most `limit` events after a position of the present epoch. The bus cuts a page at page_bytes_limit
    /// by itself.
    virtual Result<EventsPage> events(const PeerIdentity& who, const Position& after,
                                      std::uint32_t limit) = 0;
    virtual Result<Snapshot> snapshot(const PeerIdentity& who) = 0;
    /// The first connection of a peer said hello; the last one left, fell silent or was revoked.
    virtual void connected(const PeerIdentity& who) = 0;
    virtual void disconnected(const PeerIdentity& who) = 0;
    /// Something broke that no peer can be told about; one sentence without secrets.
    virtual void fault(std::string_view what) = 0;
};

struct ServerOptions {
    std::string endpoint = "tcp://127.0.0.1:5560";    ///< of the ROUTER; port "*" takes a free one
    std::string hint_endpoint = "tcp://127.0.0.1:*";  ///< of the PUB; its port is told in welcome
    KeyPair keys;
    Position head;  ///< cell, epoch and sequence of the log as it stands when the server starts
};

class Server {
  public:
    /// Binds and starts the thread. Throws std::runtime_error with a sentence when an address cannot be
    /// bound. `backend` must outlive the server.
    Server(const ServerOptions& options, Backend& backend);
    ~Server();  ///< stop()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // The following may be called from any thread.

    /// The log has reached `head`. Cheap (an atomic and, when the thread sleeps, one write to an eventfd);
    /// many calls before the thread comes round become one.
    void notify(Sequence head);
    /// A notify() is about to come: the thread may use the time, if it has nothing better to do. As cheap.
    void foresee();
    /// Lets a key in, or changes what it may do, from the next message on. Refusal: "bad_key".
    [[nodiscard]] Result<void> allow(std::string_view public_key, PeerIdentity identity);
    /// Takes every key of this id off the list. Its messages are refused from now on, and its connections are
    /// dropped (all connections are: the others come back by themselves within a second).
    void revoke(std::string_view id);

    [[nodiscard]] std::uint16_t port() const;       ///< of the ROUTER
    [[nodiscard]] std::uint16_t hint_port() const;  ///< of the PUB

    /// Ends the thread and closes the sockets; what is queued gets linger_ms to leave. Idempotent.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::bus
