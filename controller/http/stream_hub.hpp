// Events for live websockets. The hub reads the log once for all of them, into a ring; a session is a cursor
// into the ring and needs no queue of its own, so ten thousand stalled readers cost no memory. Who falls out
// of the ring was too slow. (A queue a session was rejected: it must be bounded anyway, and then the bound is
// paid for by every reader.) Sessions that still catch up read pages of the log themselves and join the ring
// where they meet it.
//
// All on the server's thread; pages may arrive on any.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "controller/http/ports.hpp"

namespace pic::http {

class StreamHub {
  public:
    using Message = std::shared_ptr<const std::string>;
    /// Runs a function on the server's thread, later; drops it when the server is gone.
    using Post = std::function<void(std::move_only_function<void()>)>;

    StreamHub(EventPages& pages, Post post, std::size_t ring, std::size_t page);

    [[nodiscard]] Sequence head() const { return head_; }
    [[nodiscard]] Epoch epoch() const { return pages_.epoch(); }
    void notify(Sequence head);
    /// The latest of each `key` goes to websockets as {"kind":"status","<member>":<json>}.
    void status(std::string key, std::string_view member, std::string_view json);

    /// A live session; called when there may be something new.
    using Wake = std::function<void()>;
    using Ticket = std::list<Wake>::iterator;
    /// From now on the ring is kept filled, from the head on.
    [[nodiscard]] Ticket join(Wake wake);
    void leave(Ticket ticket);

    enum class Where { behind, here, idle };
    struct Next {
        Where where;  ///< behind: not in the ring any more; idle: nothing after `seen` yet
        Sequence seq;
        Message message;
    };
    [[nodiscard]] Next after(Sequence seen) const;

    /// Statuses newer than this generation, oldest first.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, Message>> statuses_after(
        std::uint64_t generation) const;

    /// Events after `seen` from the log itself; an empty page: the head. `done` runs on the server's thread.
    void read(Sequence seen, EventPages::Done done);

  private:
    void fill();
    void take(Result<EventPages::Page> page);
    void wake_all();

    EventPages& pages_;
    Post post_;
    std::size_t ring_limit_, page_limit_;
    Sequence head_;
    Sequence filled_;  ///< the last event that the ring holds or has held
    bool reading_ = false;
    std::deque<std::pair<Sequence, Message>> ring_;
    std::list<Wake> sessions_;
    std::uint64_t generation_ = 0;
    std::map<std::string, std::pair<std::uint64_t, Message>> statuses_;
};

/// {"kind":"event","event":{...}}
[[nodiscard]] std::string event_message(std::string_view event);

}  // namespace pic::http
