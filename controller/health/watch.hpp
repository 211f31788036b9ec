// Looks at the cell and at its machine at intervals and keeps what it found, with the moment since when each
// finding has been there: a thread of its own, because a silent resolver takes seconds and nobody who asks
// should wait for it. Whoever asks gets a look that is a moment old at most; only what asks others over the
// network is older.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/health/findings.hpp"
#include "schema/units.hpp"

namespace pic::health {

struct Seen {
    Finding finding;
    Timestamp since;
};

class Watch {
  public:
    /// `look` gathers everything; it may take seconds. `now` is the clock.
    Watch(std::function<Situation()> look, std::function<Timestamp()> now);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Looks again unless that was done within `fresh`, then what is the matter. Blocks as long as a look
    /// takes.
    [[nodiscard]] std::vector<Seen> findings();

    static constexpr std::chrono::seconds interval{15};
    static constexpr std::chrono::milliseconds fresh{500};

  private:
    void run();
    void look();

    std::function<Situation()> look_;
    std::function<Timestamp()> now_;
    std::mutex looking_;  ///< one look at a time
    std::mutex mutex_;    ///< of the following
    std::condition_variable changed_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point looked_{};
    std::map<std::string, Timestamp> since_;
    std::vector<Seen> seen_;
    std::thread thread_;
};

}  // namespace pic::health
