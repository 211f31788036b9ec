#include "controller/health/watch.hpp"

namespace pic::health {

using Clock = std::chrono::steady_clock;

Watch::Watch(std::function<Situation()> look, std::function<Timestamp()> now)
    : look_(std::move(look)), now_(std::move(now)) {
    thread_ = std::thread([this] { run(); });
}

Watch::~Watch() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Watch::run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, interval, [this] { return stopping_; })) {
        lock.unlock();
        (void)findings();
        lock.lock();
    }
}

void Watch::look() {
    auto found = diagnose(look_());
    const auto now = now_();
    const std::scoped_lock lock(mutex_);
    std::map<std::string, Timestamp> since;
    seen_.clear();
    for (auto& finding : found) {
        const auto known = since_.find(finding.id);
        const auto at = known == since_.end() ? now : known->second;
        since.emplace(finding.id, at);
        seen_.push_back({std::move(finding), at});
    }
    since_ = std::move(since);
    looked_ = Clock::now();
}

std::vector<Seen> Watch::findings() {
    const std::scoped_lock one(looking_);
    const auto is_fresh = [this] {
        const std::scoped_lock lock(mutex_);
        return looked_ != Clock::time_point{} && Clock::now() - looked_ < fresh;
    };
    if (!is_fresh()) look();
    const std::scoped_lock lock(mutex_);
    return seen_;
}

}  // namespace pic::health
