// What is promised of delivery, over real sockets: whatever is lost, stopped or slow, the change arrives.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "bus/cell.hpp"

using namespace pic;
using namespace pic::bus;
using namespace pic::bus::test;

namespace {

struct Agent {
    explicit Agent(Cell& cell, std::vector<std::string> services = {"dns"},
                   std::chrono::milliseconds ask = ask_interval) {
        cell.allow(keys, agent_of("agent", services));
        auto options = client_options(cell, keys, services);
        options.ask_every = ask;
        client = std::make_unique<Client>(options, taker);
    }
    KeyPair keys = make_key_pair();
    Taker taker;
    std::unique_ptr<Client> client;
};

/// Reads until an event of this sequence has come; every sequence read, in order.
std::vector<std::uint64_t> read_to(Subscriber& subscriber, Sequence last) {
    std::vector<std::uint64_t> seen;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline && (seen.empty() || seen.back() != last.value)) {
        const auto events = subscriber.next(std::chrono::seconds(1));
        if (!events) continue;
        for (const auto& event : *events) seen.push_back(event.sequence.value);
    }
    return seen;
}

std::vector<std::uint64_t> counted(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> numbers;
    for (auto n = from; n <= to; ++n) numbers.push_back(n);
    return numbers;
}

}  // namespace

TEST_CASE("an agent gets what it lacks on start, and then each change", "[delivery]") {
    Cell cell;
    const auto first = cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.holds("dns", first); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.taken[0].base; }) == Sequence{});
    const auto second = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", second); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.taken.back().base; }) == first);
    CHECK(agent.taker.locked([](Taker& t) { return t.taken.back().files[0].upserts[0].text; }) ==
          "revision 2\n");
}

TEST_CASE("a change of another service brings an agent nothing", "[delivery]") {
    Cell cell;
    const auto first = cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.holds("dns", first); }));
    for (int i = 0; i < 10; ++i) cell.append("wireguard");
    const auto last = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.taken.size(); }) == 2);
}

TEST_CASE("an operation comes once, after what the agent lacks, and again only to another life",
          "[delivery]") {
    Cell cell;
    const auto first = cell.append("dns");
    cell.ask("dns", Operation::Kind::restart);
    Agent agent(cell);
    const auto operations = [&] { return agent.taker.locked([](Taker& t) { return t.operations; }); };
    REQUIRE(eventually([&] { return operations().size() == 1; }));
    CHECK(agent.taker.holds("dns", first));
    const auto second = cell.ask("dns", Operation::Kind::reapply);  // by the fetch that stands
    REQUIRE(eventually([&] { return operations().size() == 2; }));
    CHECK(operations().back() == second);
    Report report;
    report.service = "dns";
    report.revision = cell.at(1);
    report.operation = second.id;
    agent.client->report(report);
    REQUIRE(eventually([&] { return cell.locked([](Cell& c) { return c.reports["agent"].size(); }) == 1; }));
    CHECK(cell.locked([](Cell& c) { return c.reports["agent"][0].operation; }) == second.id);
    // The controller still offers it: who has it is not told twice, not by a change and not by a
    // reconnection.
    const auto next = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", next); }));
    cell.stop();
    cell.start();
    REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.connections; }) == 2; }));
    const auto last = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
    CHECK(operations().size() == 2);
    Agent reborn(cell);
    REQUIRE(
        eventually([&] { return reborn.taker.locked([](Taker& t) { return t.operations.size(); }) == 1; }));
}

TEST_CASE("a busy agent is left alone until it asks", "[delivery]") {
    Cell cell;
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.up_to_date > 0; }); }));
    agent.taker.locked([](Taker& t) { return t.busy = true; });
    const auto first = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", first); }));
    const auto last = cell.append("dns");
    REQUIRE(eventually([&] { return cell.locked([](Cell& c) { return c.wakes >= 2; }); }));
    CHECK(agent.taker.holds("dns", first));
    agent.taker.locked([](Taker& t) { return t.busy = false; });
    agent.client->ask("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
}

TEST_CASE("reports and live state arrive under the name of the key", "[delivery]") {
    Cell cell;
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.connections > 0; }); }));
    agent.client->report(
        {"dns", cell.at(3), Sequence{2}, ApplyState::rolled_back, "reload", "no", true, false, {}});
    agent.client->status({"dns", R"({"queries":7})"});
    REQUIRE(eventually([&] { return cell.locked([](Cell& c) { return !c.reports["agent"].empty(); }); }));
    REQUIRE(eventually(
        [&] { return cell.locked([](Cell& c) { return c.statuses["agent"] == R"({"queries":7})"; }); }));
    CHECK(cell.locked([](Cell& c) { return c.reports["agent"][0].state; }) == ApplyState::rolled_back);
}

TEST_CASE("the last report of each service is told again after a restart of the controller", "[delivery]") {
    Cell cell;
    Agent agent(cell);
    const auto count = [&] { return cell.locked([](Cell& c) { return c.reports["agent"].size(); }); };
    agent.client->report({"dns", cell.at(1), Sequence{1}, ApplyState::applied, "probe", "", true, false, {}});
    REQUIRE(eventually([&] { return count() == 1; }));
    cell.stop();
    agent.client->report({"dns", cell.at(2), Sequence{2}, ApplyState::applied, "probe", "", true, false, {}});
    cell.start();
    REQUIRE(eventually([&] { return count() == 2; }));
    CHECK(cell.locked([](Cell& c) { return c.reports["agent"].back().applied; }) == Sequence{2});
}

TEST_CASE("an agent resumes after a restart of the controller and gets what changed meanwhile",
          "[delivery]") {
    Cell cell;
    Agent agent(cell);
    REQUIRE(eventually([&] {
        return agent.taker.holds("dns", Sequence{}) && cell.locked([](Cell& c) { return c.fetches > 0; });
    }));
    cell.stop();
    REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.losses == 1; }); }));
    const auto meanwhile = cell.append("dns");
    cell.start();
    REQUIRE(eventually([&] { return agent.taker.holds("dns", meanwhile); }));
}

TEST_CASE("arrivals and departures are told once", "[delivery]") {
    Cell cell;
    const auto present = [&] { return cell.locked([](Cell& c) { return c.present; }); };
    {
        Agent agent(cell);
        REQUIRE(eventually([&] { return present() == std::vector<std::string>{"agent"}; }));
        Client second(client_options(cell, agent.keys, {"dns"}), agent.taker);
        REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.connections == 2; }); }));
        CHECK(present() == std::vector<std::string>{"agent"});
    }
    REQUIRE(eventually([&] { return present().empty(); }));
}

TEST_CASE("without a single hint the timer catches up", "[delivery]") {
    Cell cell;
    cell.stop();
    cell.hint_endpoint = "tcp://127.0.0.2:*";  // where no client looks, as they go to the host of the ROUTER
    cell.start();
    SECTION("for a subscriber") {
        const auto keys = make_key_pair();
        cell.allow(keys, subscriber_of("follower"));
        Subscriber subscriber(subscriber_options(cell, keys));
        cell.append();
        CHECK(read_to(subscriber, Sequence{1}) == counted(1, 1));
        cell.append();
        CHECK(read_to(subscriber, Sequence{2}) == counted(2, 2));
    }
    SECTION("for an agent that has no fetch standing") {
        Agent agent(cell);
        agent.taker.locked([](Taker& t) { return t.busy = true; });
        REQUIRE(eventually([&] { return agent.taker.locked([](Taker& t) { return t.connections == 1; }); }));
        agent.taker.locked([](Taker& t) { return t.busy = false; });
        const auto last = cell.append("dns");
        REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
    }
}

TEST_CASE("an agent that has seen more than the log stops and says so", "[delivery]") {
    Cell cell;
    cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.holds("dns", Sequence{1}); }));
    agent.taker.locked([&](Taker& t) { return t.held["dns"] = cell.at(100); });
    agent.client->ask("dns");
    REQUIRE(eventually([&] { return agent.taker.refused("dns", "ahead_of_log"); }));
    const auto [fetches, wakes] = cell.locked([](Cell& c) { return std::pair(c.fetches, c.wakes); });
    cell.append("dns");
    cell.append("dns");
    REQUIRE(
        eventually([&, before = wakes] { return cell.locked([](Cell& c) { return c.wakes; }) > before; }));
    CHECK(cell.locked([](Cell& c) { return c.fetches; }) == fetches);
    CHECK(agent.taker.locked([](Taker& t) { return t.taken.size(); }) == 1);
}

TEST_CASE("after a restore the agent takes the new epoch, and never the old one again", "[delivery]") {
    Cell cell;
    for (int i = 0; i < 5; ++i) cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.holds("dns", Sequence{5}); }));
    cell.stop();
    cell.epoch = Epoch{2};
    cell.start();
    REQUIRE(eventually(
        [&] { return agent.taker.locked([](Taker& t) { return t.held["dns"].epoch == Epoch{2}; }); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.taken.back().base; }) == Sequence{});
    cell.stop();
    cell.epoch = Epoch{1};
    cell.start();
    REQUIRE(eventually([&] { return agent.taker.refused("dns", "ahead_of_log"); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.held["dns"].epoch; }) == Epoch{2});
}

TEST_CASE("a subscriber reads a snapshot, then events, then live", "[delivery]") {
    Cell cell;
    for (int i = 0; i < 3; ++i) cell.append();
    const auto keys = make_key_pair();
    cell.allow(keys, subscriber_of("follower"));
    Subscriber subscriber(subscriber_options(cell, keys));
    const auto snapshot = subscriber.snapshot(patience);
    REQUIRE(snapshot);
    CHECK(snapshot->json == R"({"events":3})");
    CHECK(subscriber.position() == cell.at(3));
    cell.append();
    CHECK(read_to(subscriber, Sequence{4}) == counted(4, 4));
    for (int i = 0; i < 20; ++i) cell.append();
    CHECK(read_to(subscriber, Sequence{24}) == counted(5, 24));
    const auto nothing = subscriber.next(std::chrono::milliseconds(0));
    REQUIRE(nothing);
    CHECK(nothing->empty());
}

TEST_CASE("a cursor from before a restore, or from beyond the log, gets a clear error", "[delivery]") {
    Cell cell;
    for (int i = 0; i < 3; ++i) cell.append();
    cell.stop();
    cell.epoch = Epoch{2};
    cell.start();
    const auto keys = make_key_pair();
    cell.allow(keys, subscriber_of("follower"));
    const auto code = [&](Position after) {
        Subscriber subscriber(subscriber_options(cell, keys, after));
        const auto events = subscriber.next(patience);
        return events ? "" : events.error().code;
    };
    CHECK(code({cell.cell, Epoch{1}, Sequence{2}}) == "stale_epoch");
    CHECK(code({cell.cell, Epoch{2}, Sequence{9}}) == "ahead_of_log");
    CHECK(code({Uuid{{9}}, Epoch{2}, Sequence{2}}) == "wrong_cell");
    CHECK(code({cell.cell, Epoch{2}, Sequence{2}}) == "");
}

TEST_CASE("through restarts at any moment a subscriber misses nothing and sees nothing twice", "[delivery]") {
    CHECK(rc::check([] {
        Cell cell;
        cell.page_size = *rc::gen::inRange<std::uint32_t>(1, 8);
        const auto keys = make_key_pair();
        cell.allow(keys, subscriber_of("follower"));
        auto subscriber = std::make_unique<Subscriber>(subscriber_options(cell, keys));
        std::vector<std::uint64_t> seen;
        const int steps = *rc::gen::inRange(5, 15);
        for (int i = 0; i < steps; ++i) {
            switch (*rc::gen::inRange(0, 4)) {
                case 0:
                    cell.server ? cell.stop() : cell.start();
                    break;
                case 1: {  // the subscriber dies, and goes on from the position that it saved
                    const auto saved = subscriber->position();
                    subscriber = std::make_unique<Subscriber>(subscriber_options(cell, keys, saved));
                    break;
                }
                case 2: {
                    const auto events = subscriber->next(std::chrono::milliseconds(*rc::gen::inRange(0, 30)));
                    if (events)
                        std::ranges::for_each(*events, [&](auto& e) { seen.push_back(e.sequence.value); });
                    break;
                }
                default:
                    cell.append();
            }
        }
        if (!cell.server) cell.start();
        const auto last = cell.append();
        const auto rest = read_to(*subscriber, last);
        seen.insert(seen.end(), rest.begin(), rest.end());
        RC_ASSERT(seen == counted(1, last.value));
    }));
}

TEST_CASE("through restarts at any moment an agent ends at the last revision, never going back",
          "[delivery]") {
    CHECK(rc::check([] {
        Cell cell;
        Agent agent(cell);
        Sequence last;
        const int steps = *rc::gen::inRange(5, 15);
        for (int i = 0; i < steps; ++i) {
            if (*rc::gen::inRange(0, 3) == 0) {
                cell.server ? cell.stop() : cell.start();
            } else {
                last = cell.append("dns");
            }
        }
        if (!cell.server) cell.start();
        RC_ASSERT(eventually([&] { return agent.taker.holds("dns", last); }));
        RC_ASSERT(agent.taker.locked([](Taker& t) {
            return std::ranges::is_sorted(t.taken, {}, [](auto& b) { return b.revision.sequence; });
        }));
    }));
}

TEST_CASE("a full bundle of ten thousand fragments travels whole", "[delivery]") {
    Cell cell;
    cell.padding.assign(8 * 1024 * 1024, 'x');
    const auto last = cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
    CHECK(agent.taker.locked([](Taker& t) { return t.taken[0].files[0].upserts[0].text.size(); }) >
          cell.padding.size());
}

TEST_CASE("a bundle larger than the bus carries is a clear error", "[delivery]") {
    Cell cell;
    cell.padding.assign(answer_frame_limit, 'x');
    cell.append("dns");
    Agent agent(cell);
    REQUIRE(eventually([&] { return agent.taker.refused("dns", "too_large"); }));
}

TEST_CASE("broken machinery costs its request and nothing else", "[delivery]") {
    Cell cell;
    Agent agent(cell, {"broken", "dns"});
    REQUIRE(eventually([&] { return agent.taker.refused("broken", "internal"); }));
    CHECK(cell.locked([](Cell& c) { return c.faults[0]; }) == "the machinery broke");
    const auto last = cell.append("dns");
    REQUIRE(eventually([&] { return agent.taker.holds("dns", last); }));
}
