// What the controller's end does with a message, once it is off the wire: who speaks, may they, what is the
// answer. It knows no socket, so every rule here can be tested by calling it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "bus/allow_list.hpp"
#include "bus/sessions.hpp"

namespace pic::bus {

class Desk {
  public:
    using Time = Sessions::Time;
    /// Puts an answer on the wire; false: not now (the peer is slow), keep the fetch standing.
    using Send = std::function<bool(std::string_view routing_id, Frames frames)>;

    Desk(Backend& backend, const AllowList& allowed, Position head, std::uint16_t hint_port);

    /// The answer to a message, if it wants one. `key` is what the connection proved to hold.
    [[nodiscard]] std::optional<Frames> handle(std::string_view routing_id, std::string_view key,
                                               FrameViews frames, Time now);

    /// The log has grown: lets the controller render, then answers the standing fetches that have now
    /// something to get.
    void wake(Sequence head, const Send& send);
    /// It is about to grow: lets the controller render ahead.
    void foresee();

    void end(std::string_view routing_id) { sessions_.end(routing_id); }
    /// Ends what has been silent for too long.
    void sweep(Time now);
    /// Ends the sessions of keys that are no longer listed.
    void end_revoked();
    [[nodiscard]] bool anyone_here() const { return !sessions_.empty(); }
    [[nodiscard]] const Position& head() const { return head_; }

  private:
    struct Call;
    friend struct Call;

    /// Runs a function of the backend: what it throws becomes an error, and a fault.
    template <class Function>
    std::optional<AnswerBody> guarded(Function function);
    std::optional<Frames> answer_to(Session& session, const StandingFetch& standing);
    void observe(Sequence seen);

    Backend& backend_;
    const AllowList& allowed_;
    Position head_;
    std::uint16_t hint_port_;
    Sessions sessions_;
};

}  // namespace pic::bus
