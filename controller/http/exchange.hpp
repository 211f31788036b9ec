// One request on its way to its answer: what a Responder and a connection share. The answer is set on the
// server's thread only; from any other thread it travels through the Mailbox, which wakes the server once for
// a whole batch, so that a group commit of 64 commands costs one wake-up, not 64.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "controller/http/message.hpp"

namespace pic::http {

class Mailbox;

struct Exchange {
    Request request;
    Response response;
    bool answered = false;
    std::move_only_function<void()> resume;  ///< set while the connection waits for the answer
    std::shared_ptr<Mailbox> mailbox;

    void answer(Response made);
};

class Mailbox {
  public:
    /// `wake` makes the server's thread call drain() soon; called from any thread.
    Mailbox(std::thread::id owner, std::move_only_function<void()> wake)
        : owner_(owner), wake_(std::move(wake)) {}

    [[nodiscard]] bool is_owner() const { return std::this_thread::get_id() == owner_; }
    void adopt(std::thread::id owner) { owner_ = owner; }
    void deliver(std::shared_ptr<Exchange> exchange, Response response);
    void drain();
    /// The server is gone: what comes later is dropped.
    void close();

  private:
    using Letter = std::pair<std::shared_ptr<Exchange>, Response>;
    std::thread::id owner_;
    std::mutex mutex_;
    std::move_only_function<void()> wake_;
    std::vector<Letter> letters_;
};

}  // namespace pic::http
