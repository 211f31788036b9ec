// What has to happen by itself, on one thread that wakes when there is something to do: secrets of removed
// things are destroyed after the event that removed them, peers whose time is up are disabled, certificates
// are renewed, waiters of `Prefer: wait` get their deadline.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/vault/vault.hpp"
#include "projections/world.hpp"

namespace pic::core {

class Housekeeping {
  public:
    struct Hooks {
        std::function<void()> tick;  ///< every tick_interval
        std::function<std::shared_ptr<const World>()> world;
        std::function<void(const Uuid& peer)> expire;  ///< disables a peer whose time is up
        std::function<void(const World&)> renew;       ///< looks after what has to be renewed in time
    };
    Housekeeping(vault::Vault& vault, Hooks hooks);
    ~Housekeeping();  ///< stop()
    Housekeeping(const Housekeeping&) = delete;
    Housekeeping& operator=(const Housekeeping&) = delete;

    void start();
    /// Notes which secrets a commit has made superfluous. Quick: costs the number of changes.
    void committed(const World& before, const World& after);
    /// Destroys what was noted, then ends.
    void stop();

    static constexpr std::chrono::milliseconds tick_interval{100};
    static constexpr std::chrono::seconds expiry_interval{5};

  private:
    void run();
    void sweep();
    void expire();

    vault::Vault& vault_;
    Hooks hooks_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::vector<std::string> subjects_;
    std::vector<SecretRef> refs_;
    std::thread thread_;
};

/// Every secret that a world refers to: what collect_orphans() must keep.
[[nodiscard]] std::function<bool(const SecretRef&)> references_of(const World& world);

}  // namespace pic::core
