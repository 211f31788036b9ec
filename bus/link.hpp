// One connection to the controller as an agent and a subscriber both need it: DEALER and SUB sockets, hello
// and welcome, heartbeats, coming back after a loss. It has no thread and no opinion on what is asked;
// whoever owns it calls next() and is told what happened. For the .cpp files of this folder alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bus/sockets.hpp"

namespace pic::bus {

struct LinkOptions {
    std::string address;
    std::string server_public_key;
    KeyPair keys;
    std::string software;
    std::vector<std::string> services;
};

struct Connected {
    Welcome welcome;
};
struct Disconnected {};
/// The controller refuses the connection as a whole, or sends what cannot be read; the link goes on trying.
struct Refused {
    Rejection why;
};
/// Someone else rang the doorbell.
struct Rung {};

/// What may happen to a link. A pulse arrives as the hint it amounts to.
using Happening = std::variant<Connected, Disconnected, Refused, Rung, Answer, Hint>;

class Link {
  public:
    using Clock = std::chrono::steady_clock;

    /// `doorbell`: a descriptor that ends the wait when readable, or -1. Throws std::runtime_error for a bad
    /// address or key.
    explicit Link(LinkOptions options, int doorbell = -1);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Waits for something to happen, at most until `deadline`; nothing: the time is up.
    [[nodiscard]] std::optional<Happening> next(Clock::time_point deadline);
    /// Queues a request; a request that cannot leave is lost, as on any broken connection.
    void send(RequestId id, const RequestBody& request);
    [[nodiscard]] bool connected() const { return welcomed_; }
    [[nodiscard]] RequestId fresh_id() { return last_id_ = last_id_.next(); }

  private:
    void open_requests();
    void close_requests();
    void connect_anew();
    void say_hello();
    void follow_hints(std::uint16_t port);
    [[nodiscard]] Clock::time_point next_duty() const;
    std::optional<Happening> do_duties();
    std::optional<Happening> look();
    std::optional<Happening> on_monitor();
    std::optional<Happening> on_answer();
    std::optional<Happening> on_hint();
    std::optional<Happening> judge(Result<Answer> answer);
    std::optional<Happening> lose();

    LinkOptions options_;
    int doorbell_;
    zmq::context_t context_;
    zmq::socket_t requests_;
    zmq::socket_t monitor_;
    zmq::socket_t hints_;  ///< not open before the first welcome
    unsigned opened_ = 0;
    bool shaken_ = false;    ///< the handshake has succeeded: keys are proven
    bool welcomed_ = false;  ///< and hello was answered
    RequestId hello_id_;
    RequestId last_id_;
    Clock::time_point heard_;
    Clock::time_point spoke_;
    Clock::time_point hello_due_;
    Clock::time_point reopen_due_;  ///< without a handshake by then, the socket is made anew
};

}  // namespace pic::bus
