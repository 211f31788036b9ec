// The whole agent against the bus's real server, and the programs it is told to run.
#include <condition_variable>
#include <map>
#include <mutex>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapters/agent/agent.hpp"
#include "agent/support.hpp"
#include "bus/server.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

const Uuid cell_id{{1}};

/// A controller that has one content for one service, and hears the reports.
class Controller : public bus::Backend {
  public:
    Controller() : keys_(bus::make_key_pair()) {
        bus::ServerOptions options;
        options.endpoint = "tcp://127.0.0.1:*";
        options.keys = keys_;
        options.head = {cell_id, Epoch{1}, Sequence{0}};
        server_ = std::make_unique<bus::Server>(options, *this);
    }

    void allow(const std::string& public_key) {
        REQUIRE(server_->allow(public_key,
                               {.kind = bus::PeerKind::agent, .id = "a", .services = {"dns"}, .topics = {}}));
    }
    void publish(const Content& content) {
        {
            const std::scoped_lock lock(mutex_);
            contents_[content.revision.sequence] = content;
        }
        server_->notify(content.revision.sequence);
    }
    /// Asks the agent for something; its number is the id's first byte.
    void ask(Operation::Kind kind, std::uint8_t number) {
        const std::scoped_lock lock(mutex_);
        operation_ = Operation{"dns", Uuid{{number}}, kind};
        server_->notify(contents_.rbegin()->first);
    }
    /// The report that ends it.
    Report ended(std::uint8_t number) {
        Report report;
        REQUIRE(eventually([&] {
            const std::scoped_lock lock(mutex_);
            report = ended_;
            return report.operation == Uuid{{number}};
        }));
        return report;
    }
    /// The next fetches from a base are answered with a change that does not fit.
    void spoil_changes(bool spoil) {
        const std::scoped_lock lock(mutex_);
        spoil_ = spoil;
    }
    bool reported(ApplyState state, Sequence revision) {
        return eventually([&] {
            const std::scoped_lock lock(mutex_);
            return last_.state == state && last_.revision.sequence == revision;
        });
    }
    Report last() {
        const std::scoped_lock lock(mutex_);
        return last_;
    }
    std::string status() {
        const std::scoped_lock lock(mutex_);
        return status_;
    }
    [[nodiscard]] AgentOptions agent_options(const TempFolder& folder, const std::string& dns_port) {
        AgentOptions o;
        o.data = folder.path() / "agent";
        o.memory = folder.path() / "memory";
        o.state = folder.path() / "state";
        std::filesystem::create_directories(o.data);
        o.adapters = {options_for("dns", folder.path()).spec};
        o.overrides = {{"dns_port", dns_port}};
        o.program_folders = {PIC_SOURCE_DIR "/build/coredns"};
        o.bus = "tcp://127.0.0.1:" + std::to_string(server_->port());
        o.server_public_key = keys_.public_key;
        o.keys = *bus::load_or_make_key_pair(o.data / "bus.key");
        return o;
    }

    void wake() override {}
    Result<bus::FetchAnswer> fetch(const bus::PeerIdentity&, const bus::Fetch& fetch) override {
        const std::scoped_lock lock(mutex_);
        if (contents_.empty()) return bus::UpToDate{fetch.service, {cell_id, Epoch{1}, Sequence{0}}};
        const auto& newest = contents_.rbegin()->second;
        if (fetch.have == newest.revision) {
            if (operation_ && fetch.operation && *fetch.operation != operation_->id) return *operation_;
            return bus::UpToDate{fetch.service, newest.revision};
        }
        const auto base = contents_.find(fetch.have.sequence);
        auto bundle = difference("dns", base == contents_.end() ? Content{} : base->second, newest);
        if (spoil_ && bundle.base != Sequence{}) bundle.files.at(0).root[0] ^= 1;
        return bundle;
    }
    void report(const bus::PeerIdentity&, Report report) override {
        const std::scoped_lock lock(mutex_);
        if (report.operation) ended_ = report;
        last_ = std::move(report);
    }
    void status(const bus::PeerIdentity&, bus::Status status) override {
        if (status.json.starts_with("{\"live\"")) return;  // its tables, which have a test of their own
        const std::scoped_lock lock(mutex_);
        status_ = std::move(status.json);
    }
    Result<bus::EventsPage> events(const bus::PeerIdentity&, const Position&, std::uint32_t) override {
        return reject("not_allowed", "no events here");
    }
    Result<bus::Snapshot> snapshot(const bus::PeerIdentity&) override {
        return reject("not_allowed", "no snapshot here");
    }
    void connected(const bus::PeerIdentity&) override {}
    void disconnected(const bus::PeerIdentity&) override {}
    void fault(std::string_view) override {}

  private:
    bus::KeyPair keys_;
    std::mutex mutex_;
    std::map<Sequence, Content> contents_;
    std::optional<Operation> operation_;
    Report last_, ended_;
    std::string status_;
    bool spoil_ = false;
    std::unique_ptr<bus::Server> server_;
};

Desired dns_alone() {
    Desired desired("dns");
    set_corefile(desired);
    set_zone(desired, "home.example", 1, 3);
    return desired;
}

/// An agent that serves dns_alone() for a controller, from the first.
struct Served {
    Served() {
        controller.allow(options.keys.public_key);
        controller.publish(desired.next());
        auto started = Agent::start(options);
        REQUIRE(started);
        agent = *std::move(started);
        REQUIRE(controller.reported(ApplyState::applied, Sequence{1}));
    }
    TempFolder folder;
    std::string port = free_port();
    Controller controller;
    AgentOptions options = controller.agent_options(folder, port);
    Desired desired = dns_alone();
    std::unique_ptr<Agent> agent;
};

}  // namespace

TEST_CASE("an agent fetches, applies and reports over the bus, and converges after it was away") {
    const TempFolder folder;
    const auto port = free_port();
    Controller controller;
    auto options = controller.agent_options(folder, port);
    controller.allow(options.keys.public_key);
    auto desired = dns_alone();
    controller.publish(desired.next());
    {
        auto agent = Agent::start(options);
        REQUIRE(agent);
        REQUIRE(controller.reported(ApplyState::applied, Sequence{1}));
        CHECK(controller.last().healthy);
        CHECK(dig(port, "h1.home.example") == "10.0.0.1");
        REQUIRE(eventually(
            [&] { return controller.status().find("\"name\":\"coredns\"") != std::string::npos; }));

        set_zone(desired, "home.example", 2, 9);
        controller.publish(desired.next());
        REQUIRE(controller.reported(ApplyState::applied, Sequence{2}));
        CHECK(dig(port, "h8.home.example") == "10.0.0.8");
    }
    CHECK(dig(port, "h8.home.example").empty());  // its programs went with it
    set_zone(desired, "home.example", 3, 12);
    controller.publish(desired.next());
    auto agent = Agent::start(options);
    REQUIRE(agent);
    REQUIRE(controller.reported(ApplyState::applied, Sequence{3}));
    CHECK(dig(port, "h11.home.example") == "10.0.0.11");
}

TEST_CASE_METHOD(Served,
                 "a refused bundle is reported, the last good one serves, and the next one is taken") {
    desired.set("Corefile", "1", "no such thing {\n");
    controller.publish(desired.next());
    REQUIRE(controller.reported(ApplyState::refused, Sequence{2}));
    CHECK(controller.last().applied == Sequence{1});
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");
    desired.erase("Corefile", "1");
    controller.publish(desired.next());
    REQUIRE(controller.reported(ApplyState::applied, Sequence{3}));
}

TEST_CASE_METHOD(
    Served, "a restart makes new programs of the same files, and says so even where a newer one is refused") {
    const auto pid = [&] {
        const auto status = nlohmann::json::parse(controller.status(), nullptr, false);
        return status.is_object() ? status.at("programs").at(0).at("pid").dump() : std::string();
    };
    REQUIRE(eventually([&] { return !pid().empty(); }));
    const auto before = pid();
    controller.ask(Operation::Kind::restart, 1);
    const auto restarted = controller.ended(1);
    CHECK(restarted.state == ApplyState::applied);
    CHECK(restarted.healthy);
    CHECK(eventually([&] { return pid() != before; }));
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");

    desired.set("Corefile", "1", "no such thing {\n");
    controller.publish(desired.next());
    REQUIRE(controller.reported(ApplyState::refused, Sequence{2}));
    controller.ask(Operation::Kind::restart, 2);
    const auto again = controller.ended(2);
    CHECK(again.healthy);
    CHECK(again.state == ApplyState::refused);
    CHECK(again.revision.sequence == Sequence{2});
    CHECK(again.applied == Sequence{1});
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");
}

TEST_CASE_METHOD(Served, "a reapply puts right what was edited by hand, and tells how a bad one ended") {
    const auto live = options.data / "services" / "dns" / "files" / "live";
    const auto text = [&] {
        std::ifstream file(live / "Corefile");
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto written = text();
    std::ofstream(live / "Corefile", std::ios::app) << "# edited\n";
    REQUIRE(text() != written);
    controller.ask(Operation::Kind::reapply, 1);
    CHECK(controller.ended(1).state == ApplyState::applied);
    CHECK(text() == written);
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");

    desired.set("Corefile", "1", "no such thing {\n");
    controller.publish(desired.next());
    REQUIRE(controller.reported(ApplyState::refused, Sequence{2}));
    controller.ask(Operation::Kind::reapply, 2);
    const auto refused = controller.ended(2);
    CHECK(refused.state == ApplyState::refused);
    CHECK(refused.step == "validate");
    CHECK(text() == written);
}

TEST_CASE_METHOD(Served, "a change that does not give the promised root makes the agent ask for everything") {
    controller.spoil_changes(true);
    set_zone(desired, "home.example", 2, 9);
    controller.publish(desired.next());
    REQUIRE(controller.reported(ApplyState::applied, Sequence{2}));
    CHECK(dig(port, "h8.home.example") == "10.0.0.8");
}

TEST_CASE("an agent that is ahead of the log says so and keeps serving") {
    const TempFolder folder;
    const auto port = free_port();
    auto desired = dns_alone();
    const auto content = desired.next();
    const auto later = desired.next();
    {
        Controller controller;
        auto options = controller.agent_options(folder, port);
        controller.allow(options.keys.public_key);
        controller.publish(later);
        auto agent = Agent::start(options);
        REQUIRE(agent);
        REQUIRE(controller.reported(ApplyState::applied, Sequence{2}));
    }
    Controller restored;  // has lost its tail
    auto options = restored.agent_options(folder, port);
    restored.allow(options.keys.public_key);
    restored.publish(content);
    auto agent = Agent::start(options);
    REQUIRE(agent);
    REQUIRE(restored.reported(ApplyState::refused, Sequence{2}));
    CHECK(restored.last().step == "fetch");
    CHECK(restored.last().detail.find("ahead_of_log") != std::string::npos);
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");
}

TEST_CASE("a service that was never wanted is said to be off") {
    const TempFolder folder;
    Controller controller;
    auto options = controller.agent_options(folder, free_port());
    controller.allow(options.keys.public_key);
    Content off;
    off.revision = {cell_id, Epoch{1}, Sequence{0}};
    off.enabled = false;
    controller.publish(off);
    auto agent = Agent::start(options);
    REQUIRE(agent);
    CHECK(controller.reported(ApplyState::disabled, Sequence{0}));
}
