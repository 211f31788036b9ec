#include "tools/bench/delivery.hpp"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "adapters/agent/content.hpp"
#include "bus/client.hpp"
#include "tools/bench/samples.hpp"

namespace pic::bench {
namespace {

constexpr std::chrono::seconds patience{10};

template <class T>
T need(Result<T> made) {
    if (!made) throw std::runtime_error(made.error().detail);
    return *std::move(made);
}

/// Holds the newest content of its one service, and knows since when.
class Holder final : public bus::AgentHandler {
  public:
    std::optional<Position> have(const std::string&) override { return content_.revision; }

    void on_bundle(Bundle bundle) override {
        auto moved = agent::advance(content_, bundle);
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        if (!moved) {
            fault_ = moved.error().detail;
        } else {
            content_ = *std::move(moved);
            held_ = content_.revision.sequence;
            since_ = now;
        }
        changed_.notify_all();
    }

    void on_operation(const Operation&) override {}
    void on_up_to_date(const std::string&, const Position&) override {}
    void on_connected(const bus::Welcome&) override {}
    void on_disconnected() override {}
    void on_refused(const std::string&, const Rejection& why) override {
        const std::lock_guard lock(mutex_);
        fault_ = why.detail;
        changed_.notify_all();
    }

    /// When the agent came to hold `sequence` or a later one.
    Clock::time_point await(Sequence sequence) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return held_ >= sequence || !fault_.empty(); }))
            throw std::runtime_error("a bundle never came");
        if (!fault_.empty()) throw std::runtime_error("the bus refused: " + fault_);
        return since_;
    }

  private:
    agent::Content content_;  // the client's thread alone
    std::mutex mutex_;        // of what follows
    std::condition_variable changed_;
    Sequence held_;
    Clock::time_point since_;
    std::string fault_;
};

}  // namespace

std::string agent_public_key(const std::filesystem::path& key_file) {
    return need(bus::load_or_make_key_pair(key_file)).public_key;
}

std::string delivery(const DeliveryOptions& options, Workload& workload) {
    Holder holder;
    bus::ClientOptions at_bus{.address = options.bus,
                              .server_public_key = options.server_public_key,
                              .keys = need(bus::load_key_pair(options.key_file)),
                              .services = {"dns"}};
    bus::Client client(std::move(at_bus), holder);
    holder.await(Sequence{1});  // connected, and whole
    Connection connection(options.target.port);
    Samples samples;
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < options.count; ++i) {
        std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(options.gap_ms));
        const auto call = workload.next();
        const auto start = Clock::now();
        const auto answer = connection.exchange(options.target, call);
        samples.add(holder.await(Sequence{answer.sequence}) - start);
    }
    return samples.json(Clock::now() - begin);
}

}  // namespace pic::bench
