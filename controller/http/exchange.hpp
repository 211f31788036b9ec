// One request on its way to its answer: what a Responder and a connection share. The answer is set on the
// server's thread only; from any other thread it travels through the Mailbox, which wakes the server once for
// a whole batch, so that a group commit of 64 commands costs one wake-up, not 64.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "controller/http/message.hpp"

namespace pic::http {

class Mailbox;

struct Exchange {
    std::shared_ptr<const void> received;  ///< what the views of the request point into
    Request request;
    Response response;
    bool answered = false;
    std::move_only_function<void()> resume;  ///< set while the connection waits for the answer
    std::shared_ptr<Mailbox> mailbox;

    void answer(Response made);
};

/// Brings work from any thread to the server's. What comes after close() is dropped.
class Mailbox {
  public:
    using Work = std::move_only_function<void()>;

    /// `wake` makes the server's thread call drain() soon; called from any thread.
    explicit Mailbox(Work wake) : wake_(std::move(wake)) {}

    /// The calling thread is the server's from now on.
    void adopt() { owner_ = std::this_thread::get_id(); }
    [[nodiscard]] bool is_owner() const { return std::this_thread::get_id() == owner_.load(); }

    void post(Work work);
    /// At once on the server's thread.
    void deliver(std::shared_ptr<Exchange> exchange, Response response);
    void drain();
    void close();

  private:
    std::atomic<std::thread::id> owner_;
    std::mutex mutex_;
    Work wake_;
    std::vector<Work> waiting_;
};

}  // namespace pic::http
