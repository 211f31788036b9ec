// A controller small enough for a test: a log of numbered events, services that change with it, and a bus
// server in front that can be stopped and started again. The log outlives the server, as it does in life.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bus/client.hpp"
#include "bus/server.hpp"
#include "bus/subscriber.hpp"

namespace pic::bus::test {

inline constexpr std::chrono::seconds patience{20};

/// Whether it came true before the deadline. The pause is no part of any promise, only of how often we look.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

class Cell : public Backend {
  public:
    Cell() { start(); }
    ~Cell() override { stop(); }

    // --- the test's side
    // ---------------------------------------------------------------------------------------------

    void start() {
        ServerOptions options;
        options.endpoint = endpoint;
        options.hint_endpoint = hint_endpoint;
        options.keys = keys;
        options.head = head();
        // A port of another program's is left to it; our own of before may be held for a moment longer.
        std::string why_not;
        const auto listens = [&] {
            if (endpoint.empty()) options.endpoint = any_endpoint();
            try {
                server = std::make_unique<Server>(options, *this);
            } catch (const std::runtime_error& error) {
                why_not = error.what();
            }
            return server != nullptr;
        };
        if (!eventually(listens)) throw std::runtime_error(why_not);
        endpoint = options.endpoint;
        for (const auto& [key, identity] : listed) server->allow(key, identity).value();
    }
    void stop() { server.reset(); }
    void allow(const KeyPair& pair, const PeerIdentity& identity) {
        listed[pair.public_key] = identity;
        if (server) server->allow(pair.public_key, identity).value();
    }
    /// Appends an event that concerns a service ("": none) and tells the bus, if it runs.
    Sequence append(const std::string& service = "") {
        Sequence last;
        {
            const std::scoped_lock lock(mutex);
            last = Sequence{events_.size() + 1};
            events_.push_back(fmt::format(R"({{"seq":{},"type":"Happened"}})", last.value));
            if (!service.empty()) revisions_[service] = last;
        }
        if (server) server->notify(last);
        return last;
    }
    /// Asks the service's agent for something, and tells the bus.
    Operation ask(const std::string& service, Operation::Kind kind) {
        Operation asked{service, {}, kind};
        const std::scoped_lock lock(mutex);
        asked.id.bytes[0] = static_cast<std::uint8_t>(++asked_so_far);
        operations[service] = asked;
        server->notify(Sequence{events_.size()});
        return asked;
    }
    [[nodiscard]] Position head() {
        const std::scoped_lock lock(mutex);
        return head_unlocked();
    }
    [[nodiscard]] Position at(std::uint64_t sequence) const { return {cell, epoch, Sequence{sequence}}; }
    template <class Function>
    auto locked(Function function) {
        const std::scoped_lock lock(mutex);
        return function(*this);
    }

    // --- the bus's side
    // ----------------------------------------------------------------------------------------------

    void wake() override {
        const std::scoped_lock lock(mutex);
        ++wakes;
    }
    Result<FetchAnswer> fetch(const PeerIdentity&, const Fetch& fetch) override {
        const std::scoped_lock lock(mutex);
        ++fetches;
        if (fetch.service == "broken") throw std::runtime_error("the machinery broke");
        const Position revision{cell, epoch, revisions_[fetch.service]};
        const auto wanted = operations.find(fetch.service);
        const bool lacks =
            wanted != operations.end() && fetch.operation && fetch.operation != wanted->second.id;
        if (fetch.have == revision && lacks) return wanted->second;
        if (fetch.have == revision) return UpToDate{fetch.service, revision};
        const bool known = fetch.have.cell == cell && fetch.have.epoch == epoch;
        FileChange file;
        file.path = "config";
        file.full = !known;
        file.upserts.push_back({"line", {}, fmt::format("revision {}\n", revision.sequence.value) + padding});
        return Bundle{fetch.service, revision, known ? fetch.have.sequence : Sequence{}, true, {file}};
    }
    void report(const PeerIdentity& who, Report report) override {
        const std::scoped_lock lock(mutex);
        reports[who.id].push_back(std::move(report));
    }
    void status(const PeerIdentity& who, Status status) override {
        const std::scoped_lock lock(mutex);
        statuses[who.id] = std::move(status.json);
    }
    Result<EventsPage> events(const PeerIdentity&, const Position& after, std::uint32_t limit) override {
        const std::scoped_lock lock(mutex);
        ++pages;
        EventsPage page{head_unlocked(), head_unlocked().sequence, {}};
        const auto end =
            std::min<std::uint64_t>(events_.size(), after.sequence.value + std::min(limit, page_size));
        for (auto i = after.sequence.value; i < end; ++i)
            page.events.push_back({Sequence{i + 1}, events_[i]});
        page.next.sequence = Sequence{std::max(end, after.sequence.value)};
        return page;
    }
    Result<Snapshot> snapshot(const PeerIdentity&) override {
        const std::scoped_lock lock(mutex);
        return Snapshot{head_unlocked(), fmt::format(R"({{"events":{}}})", events_.size())};
    }
    void connected(const PeerIdentity& who) override {
        const std::scoped_lock lock(mutex);
        present.push_back(who.id);
    }
    void disconnected(const PeerIdentity& who) override {
        const std::scoped_lock lock(mutex);
        std::erase(present, who.id);
    }
    void fault(std::string_view what) override {
        const std::scoped_lock lock(mutex);
        faults.emplace_back(what);
    }

    std::mutex mutex;
    Uuid cell{{7}};
    Epoch epoch{1};
    KeyPair keys = make_key_pair();
    std::string endpoint;  ///< empty: any that is free
    std::string hint_endpoint = "tcp://127.0.0.1:*";
    std::map<std::string, PeerIdentity> listed;
    std::string padding;             ///< makes bundles large
    std::uint32_t page_size = 1000;  ///< makes pages small
    std::unique_ptr<Server> server;

    // What came in, by id of the peer; read through locked().
    std::map<std::string, std::vector<Report>> reports;
    std::map<std::string, std::string> statuses;
    std::vector<std::string> present;
    std::vector<std::string> faults;
    std::map<std::string, Operation> operations;  ///< by service; stay until the test takes them away
    int asked_so_far = 0;
    int wakes = 0;
    int fetches = 0;
    int pages = 0;

  private:
    /// Below the ports that the kernel gives to connecting sockets: while a server is down, its clients'
    /// tries would otherwise take its port sooner or later.
    static std::string any_endpoint() {
        static std::mt19937 random{std::random_device{}()};
        return fmt::format("tcp://127.0.0.1:{}", std::uniform_int_distribution(20000, 32000)(random));
    }
    [[nodiscard]] Position head_unlocked() const { return {cell, epoch, Sequence{events_.size()}}; }

    std::vector<std::string> events_;
    std::map<std::string, Sequence> revisions_;
};

/// An agent that takes every bundle as it comes.
class Taker : public AgentHandler {
  public:
    std::optional<Position> have(const std::string& service) override {
        const std::scoped_lock lock(mutex);
        if (busy) return std::nullopt;
        return held[service];
    }
    void on_bundle(Bundle bundle) override {
        const std::scoped_lock lock(mutex);
        held[bundle.service] = bundle.revision;
        taken.push_back(std::move(bundle));
    }
    void on_operation(const Operation& operation) override {
        const std::scoped_lock lock(mutex);
        operations.push_back(operation);
    }
    void on_up_to_date(const std::string&, const Position&) override {
        const std::scoped_lock lock(mutex);
        ++up_to_date;
    }
    void on_connected(const Welcome&) override {
        const std::scoped_lock lock(mutex);
        ++connections;
    }
    void on_disconnected() override {
        const std::scoped_lock lock(mutex);
        ++losses;
    }
    void on_refused(const std::string& service, const Rejection& why) override {
        const std::scoped_lock lock(mutex);
        refusals.emplace_back(service, why.code);
    }
    template <class Function>
    auto locked(Function function) {
        const std::scoped_lock lock(mutex);
        return function(*this);
    }
    [[nodiscard]] bool holds(const std::string& service, Sequence sequence) {
        return locked([&](Taker& t) { return t.held[service].sequence == sequence; });
    }
    [[nodiscard]] bool refused(const std::string& service, const std::string& code) {
        return locked([&](Taker& t) {
            return std::ranges::find(t.refusals, std::pair(service, code)) != t.refusals.end();
        });
    }

    std::mutex mutex;
    std::map<std::string, Position> held;
    std::vector<Bundle> taken;
    std::vector<Operation> operations;
    std::vector<std::pair<std::string, std::string>> refusals;
    int up_to_date = 0;
    int connections = 0;
    int losses = 0;
    bool busy = false;
};

inline PeerIdentity agent_of(std::string id, std::vector<std::string> services) {
    return {PeerKind::agent, std::move(id), std::move(services), {}};
}
inline PeerIdentity subscriber_of(std::string id) { return {PeerKind::subscriber, std::move(id), {}, {"*"}}; }

inline ClientOptions client_options(const Cell& cell, const KeyPair& keys,
                                    std::vector<std::string> services) {
    ClientOptions options;
    options.address = cell.endpoint;
    options.server_public_key = cell.keys.public_key;
    options.keys = keys;
    options.services = std::move(services);
    return options;
}

inline SubscriberOptions subscriber_options(const Cell& cell, const KeyPair& keys, Position after = {}) {
    return {cell.endpoint, cell.keys.public_key, keys, "test", after};
}

}  // namespace pic::bus::test
