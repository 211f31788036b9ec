// A short queue between two threads of which one makes what the other works on: whichever is faster waits.
// For long walks along the log, where reading rows and understanding them each take a core.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace pic::log {

template <class T>
class Handover {
  public:
    static constexpr std::size_t limit = 4;  ///< waiting at most; then the giver waits

    /// False: the taker has left.
    bool give(T item) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return has_left_ || waiting_.size() < limit; });
        if (has_left_) return false;
        waiting_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }
    /// Nothing more will be given.
    void end() {
        const std::lock_guard lock(mutex_);
        has_ended_ = true;
        changed_.notify_all();
    }

    /// Nothing: all has been taken and there will be no more.
    std::optional<T> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return has_ended_ || !waiting_.empty(); });
        if (waiting_.empty()) return std::nullopt;
        std::optional<T> item(std::move(waiting_.front()));
        waiting_.pop_front();
        changed_.notify_all();
        return item;
    }
    /// Nothing more will be taken.
    void leave() {
        const std::lock_guard lock(mutex_);
        has_left_ = true;
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> waiting_;
    bool has_ended_ = false, has_left_ = false;
};

}  // namespace pic::log
