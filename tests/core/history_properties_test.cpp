// What holds of every life of a cell, over random ones.
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "core/random_history.hpp"

using namespace pic;
using namespace pic::test;
using Steps = std::vector<Step>;

namespace {

/// rc::check() within Catch: a failing life is shown with its commands.
template <class Property>
void holds(const std::string& what, Property property) {
    INFO(what);
    CHECK(rc::check(what, property));
}

std::map<std::string, std::string> pictures_of(const Artefacts& artefacts) {
    std::map<std::string, std::string> out;
    for (const auto& [service, rendered] : artefacts) {
        for (const auto& [path, file] : rendered.files)
            out[service + "/" + path] = to_hex(file.summary()) + "\n" + picture(file);
    }
    return out;
}

}  // namespace

TEST_CASE("a replay of the log is the live state, wherever it starts") {
    holds("replay", [](const Steps& steps) {
        RandomHistory life;
        for (const auto& step : steps) life.take(step);
        RC_LOG() << life.told();
        const auto live = life.world();
        RC_ASSERT(text_of(replayed(life.store())) == text_of(live));
        RC_ASSERT(life.store().verify({}, whole_log).ok);
        // From the snapshot of any moment, too.
        const auto some =
            std::next(life.worlds().begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(life.worlds())));
        auto world = parse_world(snapshot_world(some->second));
        RC_ASSERT(world.has_value());
        RC_ASSERT(text_of(*world) == text_of(some->second));
        core::replay(life.store(), *world, live.sequence);
        RC_ASSERT(text_of(*world) == text_of(live));
    });
}

TEST_CASE("the past at a sequence is what the state was then") {
    holds("at", [](const Steps& steps) {
        RandomHistory life;
        for (const auto& step : steps) life.take(step);
        RC_LOG() << life.told();
        const bool has_snapshots = *rc::gen::arbitrary<bool>();
        core::History history(life.store(), [&](Sequence at) -> std::shared_ptr<const World> {
            if (!has_snapshots) return nullptr;
            const auto after = life.worlds().upper_bound(at);
            if (after == life.worlds().begin()) return nullptr;
            auto world = parse_world(snapshot_world(std::prev(after)->second));
            RC_ASSERT(world.has_value());
            return std::make_shared<World>(*std::move(world));
        });
        for (const auto& [sequence, world] : life.worlds()) {
            const auto then = history.at(sequence);
            RC_ASSERT(then.has_value());
            RC_ASSERT(text_of(**then) == text_of(world));
        }
        // Between them as well: in the middle of a change-set, and backwards.
        for (auto at = life.store().head().sequence.value; at > 0; --at) {
            World folded;
            core::replay(life.store(), folded, Sequence{at});
            RC_ASSERT(text_of(**history.at(Sequence{at})) == text_of(folded));
        }
    });
}

TEST_CASE("rendered step by step or at once, from the live state or a replay, the bytes are the same") {
    holds("render", [](const Steps& steps) {
        RandomHistory life;
        Artefacts artefacts;
        World before = life.world();
        for (const auto name : rendering_services())
            render_service(name, nullptr, before, artefacts[std::string(name)]);
        for (const auto& step : steps) {
            if (!life.take(step)) continue;
            if (step.how % 3 == 1) continue;  // several changes are rendered together
            const auto now = life.world();
            for (const auto name : rendering_services())
                render_service(name, &before, now, artefacts[std::string(name)]);
            before = now;
        }
        const auto last = life.world();
        for (const auto name : rendering_services())
            render_service(name, &before, last, artefacts[std::string(name)]);
        RC_LOG() << life.told();
        RC_ASSERT(pictures_of(artefacts) == pictures_of(render_all(replayed(life.store()))));
    });
}

TEST_CASE("the readable picture of a cell, taken in again, changes nothing") {
    holds("import", [](const Steps& steps) {
        RandomHistory life;
        for (const auto& step : steps) life.take(step);
        RC_LOG() << life.told();
        const auto now = life.world();
        const auto picture = parse_world(cell_config(now));
        RC_ASSERT(picture.has_value());
        RC_ASSERT(reconcile_worlds(now, *picture, [](std::string_view) { return true; }).empty());
    });
}

TEST_CASE("an undo takes a change back, and its own undo brings it again") {
    holds("undo", [](const Steps& steps, const Step& last) {
        RandomHistory life;
        for (const auto& step : steps) life.take(step);
        const auto before = restorable(life.world());
        RC_PRE(life.take(last));
        const auto after = restorable(life.world());
        const auto undone = life.undo(life.store().head().sequence);
        RC_LOG() << life.told();
        if (!undone) {
            RC_ASSERT(undone.error().code == "nothing_to_undo");
            RC_ASSERT(before == after);
            return;
        }
        RC_ASSERT(restorable(life.world()) == before);
        const auto redone = life.undo(life.store().head().sequence);
        if (!redone) {
            RC_LOG() << "again: " << redone.error().code << ", " << redone.error().detail;
            RC_ASSERT(redone.error().code == "nothing_to_undo");
        }
        RC_ASSERT(restorable(life.world()) == after);
    });
}

TEST_CASE("a restore brings back any moment, keys and serials aside, and serials only rise") {
    holds("restore", [](const Steps& steps) {
        RandomHistory life;
        for (const auto& step : steps) life.take(step);
        const auto then =
            std::next(life.worlds().begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(life.worlds())));
        const auto serials = life.world().get<dns::Service>().serials;
        const auto restored = life.restore(then->first);
        RC_LOG() << life.told() << "restore to " << then->first.value << "\n";
        if (!restored) {
            RC_LOG() << restored.error().code << ", " << restored.error().detail;
            RC_ASSERT(restored.error().code == "nothing_to_undo");
        }
        RC_ASSERT(restorable(life.world()) == restorable(then->second));
        const auto& now = life.world().get<dns::Service>().serials;
        RC_ASSERT(now.forward >= serials.forward);
        RC_ASSERT(now.reverse4 >= serials.reverse4);
        RC_ASSERT(now.reverse6 >= serials.reverse6);
    });
}

TEST_CASE("random lives meet every event that the commands of a day make") {
    std::set<std::string> missing{
        "BusClientEnrolled", "BusClientInvited", "BusClientRemoved", "CellChanged",     "DnsRecordAdded",
        "DnsRecordChanged",  "DnsRecordRemoved", "DnsUpstreamsSet",  "PeerAdded",       "PeerChanged",
        "PeerKeyDropped",    "PeerKeysRotated",  "PeerRemoved",      "ServiceSwitched", "TokenAdded",
        "TokenRemoved",      "UserAdded",        "WireguardChanged", "WireguardKeysSet"};
    std::mt19937 random(1);
    const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
    for (int life = 0; life < 20 && !missing.empty(); ++life) {
        RandomHistory history;
        for (int i = 0; i < 100; ++i) history.take({byte(), byte(), byte()});
        for (const auto& event : history.store().read({}, 10'000)) missing.erase(event.type);
    }
    CHECK(missing == std::set<std::string>{});
}
