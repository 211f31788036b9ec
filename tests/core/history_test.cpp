// Worlds of the past.
#include <catch2/catch.hpp>

#include "support/write_path.hpp"

using namespace pic;
using namespace pic::test;

namespace {

World replayed_to(const log::LogStore& store, std::uint64_t sequence) {
    World world;
    core::replay(store, world, Sequence{sequence});
    return world;
}

struct Past {
    log::MemoryStore store{cell_id, Epoch{1}, counting_random()};
    WritePath path{store};

    Past() {
        path.set_up();
        for (const auto* name : {"laptop", "phone", "tablet"}) {
            path.must("AddPeer", std::string(R"({"name":")") + name + "\"}");
            path.must("AddDnsRecord",
                      std::string(R"({"type":"A","value":"10.8.0.99","name":"of-)") + name + "\"}");
        }
    }
};

}  // namespace

TEST_CASE("any sequence is what a replay to there comes to, in whatever order they are asked for") {
    Past past;
    core::History history(past.store);
    const auto head = past.store.head().sequence.value;
    REQUIRE(head > 6);
    for (const auto sequence :
         {head, std::uint64_t{2}, head - 1, std::uint64_t{0}, std::uint64_t{5}, head, std::uint64_t{3}}) {
        INFO("at " << sequence);
        const auto world = history.at(Sequence{sequence});
        REQUIRE(world);
        CHECK((*world)->sequence.value == sequence);
        CHECK(text_of(**world) == text_of(replayed_to(past.store, sequence)));
    }
    CHECK(text_of(**history.at(Sequence{head})) == text_of(past.path.world()));
}

TEST_CASE("what has not come yet is no past") {
    Past past;
    core::History history(past.store);
    const auto beyond = history.at(past.store.head().sequence.next());
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == "unknown_sequence");
}

TEST_CASE("the nearest world at hand is what the rest is folded into") {
    Past past;
    const auto snapshot = std::make_shared<World>(replayed_to(past.store, 4));
    std::vector<std::uint64_t> asked;
    core::History history(past.store, [&](Sequence sequence) -> std::shared_ptr<const World> {
        asked.push_back(sequence.value);
        return sequence >= snapshot->sequence ? snapshot : nullptr;
    });
    CHECK(*history.at(Sequence{4}) == snapshot);
    CHECK(text_of(**history.at(Sequence{6})) == text_of(replayed_to(past.store, 6)));
    CHECK(text_of(**history.at(Sequence{3})) == text_of(replayed_to(past.store, 3)));
    CHECK(asked == std::vector<std::uint64_t>{4, 6, 3});
}

TEST_CASE("an event that no program understands is named") {
    Past past;
    append(past.store, change(99), {fact("peer-x", "PeerVanished", "{}")});
    core::History history(past.store);
    const auto bad = past.store.head().sequence;
    CHECK(history.at(Sequence{bad.value - 1}));
    try {
        (void)history.at(bad);
        FAIL("it was folded");
    } catch (const BadEvent& event) {
        CHECK(event.sequence == bad);
    }
}
