// An integration's end of the bus: snapshot, then events, then live, resumed from any position. It has no
// thread of its own; the caller's loop drives it, which is what a program that follows a log wants: read,
// act, save position, again.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bus/keys.hpp"
#include "bus/messages.hpp"

namespace pic::bus {

struct SubscriberOptions {
    std::string address;            ///< of the ROUTER, e.g. "tcp://127.0.0.1:5560"
    std::string server_public_key;  ///< Z85
    KeyPair keys;
    std::string software = "subscriber";
    Position after;  ///< where to go on from; the default: the first event of the present epoch
};

/// Use from one thread at a time. Every call reconnects by itself while it waits.
class Subscriber {
  public:
    /// Throws std::runtime_error for a bad address or key.
    explicit Subscriber(SubscriberOptions options);
    ~Subscriber();
    Subscriber(Subscriber&&) noexcept;
    Subscriber& operator=(Subscriber&&) noexcept;

    /// The state of the cell now; position() becomes that of the snapshot, and next() goes on from there.
    [[nodiscard]] Result<Snapshot> snapshot(std::chrono::milliseconds timeout);

    /// The next events, each sequence once and in order; waits for at least one. Empty: `timeout` passed, all
    /// is well. Refusals: "stale_epoch" (the position is from before a restore: take a snapshot),
    /// "ahead_of_log" (the log has lost what this reader saw: do not go on), "wrong_cell", "key_refused",
    /// "protocol_mismatch". A refusal about the position repeats until snapshot() is taken; the others may
    /// pass, call again.
    [[nodiscard]] Result<std::vector<EventRecord>> next(std::chrono::milliseconds timeout);

    /// Where next() goes on from. Save it once the events are dealt with, and give it to the next run.
    [[nodiscard]] const Position& position() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::bus
