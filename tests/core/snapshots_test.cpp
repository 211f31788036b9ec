// Snapshots are a cache: with them, without them, or with bad ones in their place, the state is the same.
#include "controller/log/snapshots.hpp"

#include <catch2/catch.hpp>

#include "controller/daemon/start_state.hpp"
#include "support/write_path.hpp"

using namespace pic;
using namespace pic::test;
namespace fs = std::filesystem;

namespace {

const Uuid other_cell = *parse_uuid("01930000-0000-7000-8000-000000000002");

struct SnapshotCell {
    TempFolder folder;
    log::MemoryStore store{cell_id, Epoch{1}, counting_random()};
    WritePath path{store};
    fs::path place = folder / "snapshots";

    SnapshotCell() {
        path.set_up();
        for (const auto* name : {"laptop", "phone", "tablet"}) {
            path.must("AddPeer", std::string(R"({"name":")") + name + "\"}");
            CHECK(daemon::save_snapshot(snapshots(), store, path.world()));
        }
        path.must("AddDnsRecord", R"({"type":"A","value":"10.8.0.99","name":"nas"})");
    }

    log::Snapshots& snapshots(const Uuid& cell = cell_id, std::string code = std::string(evolve_version)) {
        current = std::make_unique<log::Snapshots>(place, cell, std::move(code));
        return *current;
    }
    [[nodiscard]] std::string loaded(log::Snapshots& from) {
        return text_of(daemon::load_world(from, store, store.head().sequence));
    }
    [[nodiscard]] std::vector<fs::path> files() const {
        std::vector<fs::path> all;
        for (const auto& entry : fs::directory_iterator(place)) all.push_back(entry.path());
        std::ranges::sort(all);
        return all;
    }
    std::unique_ptr<log::Snapshots> current;
};

}  // namespace

TEST_CASE("a snapshot and the rest of the log is the state, and so is the log alone") {
    SnapshotCell cell;
    const auto live = text_of(cell.path.world());
    REQUIRE(cell.files().size() == 3);
    auto& snapshots = cell.snapshots();
    const auto near = daemon::nearest_snapshot(snapshots, cell.store, cell.store.head().sequence);
    REQUIRE(near);
    CHECK(near->sequence.value == cell.store.head().sequence.value - 1);
    CHECK(cell.loaded(snapshots) == live);
    fs::remove_all(cell.place);
    CHECK(cell.loaded(cell.snapshots()) == live);
    CHECK(text_of(replayed(cell.store)) == live);
}

TEST_CASE("each snapshot is the world at its sequence") {
    SnapshotCell cell;
    auto& snapshots = cell.snapshots();
    core::History history(cell.store);
    for (std::uint64_t at = 1; at <= cell.store.head().sequence.value; ++at) {
        const auto near = daemon::nearest_snapshot(snapshots, cell.store, Sequence{at});
        if (!near) continue;
        CHECK(near->sequence.value <= at);
        CHECK(text_of(*near) == text_of(**history.at(near->sequence)));
    }
}

TEST_CASE("a snapshot with any byte changed is discarded, and the one before it serves") {
    SnapshotCell cell;
    const auto live = text_of(cell.path.world());
    const auto newest = cell.files().back();
    const auto good = read_bytes(newest);
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 97) {
        auto bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        write_bytes(newest, bad);
        INFO("byte " << at);
        CHECK(cell.loaded(cell.snapshots()) == live);
        CHECK_FALSE(fs::exists(newest));
    }
    write_bytes(newest, good.substr(0, good.size() / 2));
    CHECK(cell.loaded(cell.snapshots()) == live);
    CHECK_FALSE(fs::exists(newest));
    write_bytes(newest, "");
    CHECK(cell.loaded(cell.snapshots()) == live);
    CHECK(cell.files().size() == 2);
}

TEST_CASE("another cell's snapshot, another program's and one of a future that never came are discarded") {
    SnapshotCell cell;
    const auto live = text_of(cell.path.world());
    const auto newest = cell.files().back();
    SECTION("another cell's") {
        REQUIRE(daemon::save_snapshot(cell.snapshots(other_cell), cell.store, cell.path.world()));
    }
    SECTION("of another version of the code that folds") {
        REQUIRE(daemon::save_snapshot(cell.snapshots(cell_id, "0"), cell.store, cell.path.world()));
    }
    SECTION("of another history with the same sequence") {
        World other = cell.path.world();
        REQUIRE(cell.snapshots().save(other.sequence, sha256("another hash"), snapshot_world(other)));
    }
    SECTION("under another's name") {
        fs::rename(newest, cell.place / (std::to_string(cell.store.head().sequence.value) + ".snapshot"));
    }
    const auto foreign = cell.place / (std::to_string(cell.store.head().sequence.value) + ".snapshot");
    REQUIRE(fs::exists(foreign));
    CHECK(cell.loaded(cell.snapshots()) == live);
    CHECK_FALSE(fs::exists(foreign));
}

TEST_CASE("a snapshot beyond the head tells that the log lost its tail") {
    SnapshotCell cell;
    const auto head = cell.store.head().sequence;
    CHECK(cell.snapshots().highest().value == head.value - 1);
    REQUIRE(cell.snapshots().save(head.next(), sha256("lost"), "{}"));
    CHECK(cell.snapshots().highest() == head.next());
    CHECK(cell.loaded(cell.snapshots()) == text_of(cell.path.world()));
}

TEST_CASE("as many are kept as were said, spread over the past, the newest among them") {
    SnapshotCell cell;
    auto& snapshots = cell.snapshots();
    for (std::uint64_t i = 100; i < 160; ++i) REQUIRE(snapshots.save(Sequence{i}, sha256("any"), "{}"));
    CHECK(cell.files().size() == log::snapshots_kept);
    CHECK(snapshots.highest() == Sequence{159});
}

TEST_CASE("a folder that cannot be written costs snapshots and nothing else") {
    SnapshotCell cell;
    const auto live = text_of(cell.path.world());
    fs::remove_all(cell.place);
    write_bytes(cell.place, "a file where the folder should be");
    CHECK_FALSE(daemon::save_snapshot(cell.snapshots(), cell.store, cell.path.world()));
    CHECK(cell.loaded(cell.snapshots()) == live);
}
