// A disk that is full or fails while the daemon runs: nothing is acknowledged falsely, reads go on, and it
// recovers.
#include <catch2/catch.hpp>

#include "faults/faulty_cell.hpp"

using namespace pic;
using namespace pic::test;
using Names = std::vector<std::string>;
using Fault = FaultDisk::Fault;
using Unsynced = FaultDisk::Unsynced;

namespace {

struct Cell {
    TempFolder folder;
    FaultDisk disk;
    FaultyCell cell{folder.path()};
    Book book;

    Cell() {
        REQUIRE(cell.open());
        REQUIRE(cell.set_up());
        cell.add({"laptop"}, book);
        REQUIRE(book.acknowledged == Names{"laptop"});
    }
    /// Everything that a request reads while nothing can be written.
    void check_reads() {
        CHECK(peer_names(cell.path().world()) == Names{"laptop"});
        CHECK(cell.store().read({}, 100).size() == cell.store().head().sequence.value);
        core::History history(cell.store());
        CHECK(text_of(**history.at(cell.store().head().sequence)) == text_of(cell.path().world()));
        CHECK(cell.store().verify({}, whole_log).ok);
    }
};

/// The cell as another start finds it after a cut of power at this moment.
struct AfterCut {
    TempFolder folder;
    FaultyCell cell{folder.path()};
    AfterCut(const FaultDisk& disk, const std::filesystem::path& from, Unsynced unsynced,
             std::uint64_t seed = 1) {
        disk.copy_after_cut(from, folder.path(), unsynced, seed);
    }
};

}  // namespace

TEST_CASE("a log that cannot be written refuses with log_unwritable, is still read, and recovers") {
    Cell c;
    const auto [fault, times] =
        GENERATE(table<Fault, int>({{Fault::full, 3}, {Fault::write, 3}, {Fault::sync, 3}}));
    INFO("fault " << static_cast<int>(fault));
    const auto head = c.cell.store().head().sequence;
    c.disk.fail(fault, 1, "log.db");
    for (int i = 0; i < times; ++i) {
        const auto refused = c.cell.add("phone" + std::to_string(i));
        CHECK(code_of(refused) == "log_unwritable");
        CHECK(c.cell.store().head().sequence == head);
        c.check_reads();
    }
    CHECK(c.disk.met());
    c.disk.repair();
    c.cell.add({"tablet"}, c.book);
    CHECK(c.book.acknowledged == Names{"laptop", "tablet"});
    CHECK(peer_names(c.cell.path().world()) == Names{"laptop", "tablet"});
    CHECK(c.cell.faults(c.book) == Names{});
    // And the refused may be asked for again, under the same key.
    const auto again = c.cell.add("phone0");
    REQUIRE(again);
    CHECK_FALSE(again->repeated);
}

TEST_CASE("a vault that cannot be written refuses as well, nothing reaches the log, and it recovers") {
    Cell c;
    const auto fault = GENERATE(Fault::full, Fault::write, Fault::sync);
    INFO("fault " << static_cast<int>(fault));
    const auto head = c.cell.store().head().sequence;
    c.disk.fail(fault, 1, "vault.db");
    for (int i = 0; i < 3; ++i) {
        CHECK(code_of(c.cell.add("phone" + std::to_string(i))) == "vault_unwritable");
        CHECK(c.cell.store().head().sequence == head);
        c.check_reads();
    }
    c.disk.repair();
    c.cell.add({"tablet"}, c.book);
    CHECK(c.book.acknowledged == Names{"laptop", "tablet"});
    CHECK(c.cell.faults(c.book) == Names{});
}

TEST_CASE("after a failed fsync nothing is built on what it lost") {
    Cell c;
    const auto file = GENERATE(as<std::string>{}, "log.db", "vault.db");
    INFO(file);
    c.disk.fail(Fault::sync, 1, file);
    CHECK_FALSE(c.cell.add("phone"));
    c.disk.repair();
    // The next is acknowledged, so a cut right after it must not cost it, whatever the failed fsync left
    // behind.
    c.cell.add({"tablet", "desktop"}, c.book);
    REQUIRE(c.book.acknowledged == Names{"laptop", "tablet", "desktop"});
    for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::mixed}) {
        AfterCut later(c.disk, c.folder.path(), unsynced);
        if (!later.cell.open()) FAIL(later.cell.why_not());
        CHECK(later.cell.faults(c.book) == Names{});
    }
}

// Counts the operations of a life, and lives it again once for each, which fails alone.
TEST_CASE("whichever single operation fails, what is acknowledged is there and what is refused is not") {
    std::uint64_t operations = 0;
    {
        const TempFolder folder;
        FaultDisk disk;
        FaultyCell cell(folder.path());
        Book book;
        live(cell, book);
        REQUIRE(book.acknowledged.size() == 7);
        operations = disk.operations();
    }
    REQUIRE(operations > 100);
    std::uint64_t met = 0;
    for (std::uint64_t at = 1; at <= operations; ++at) {
        const TempFolder folder;
        FaultDisk disk;
        FaultyCell cell(folder.path());
        Book book;
        disk.fail(Fault::any_one, at);
        live(cell, book);
        met += disk.met() ? 1 : 0;
        disk.repair();
        if (!cell.is_open() && !cell.open()) FAIL(cell.why_not());
        REQUIRE(cell.set_up());
        Names faults = cell.faults(book);
        const auto names = peer_names(cell.path().world());
        for (const auto& refused : book.refused) {
            if (std::ranges::find(names, refused) != names.end())
                faults.push_back(refused + " was refused and is there");
        }
        INFO("operation " << at << " of " << operations);
        REQUIRE(faults == Names{});
        // It goes on.
        cell.add({"last"}, book);
        REQUIRE(book.acknowledged.back() == "last");
        REQUIRE(cell.faults(book) == Names{});
    }
    CHECK(met >= operations - 5);
    WARN(operations << " operations failed, one a life");
}

TEST_CASE(
    "whenever the power goes, what is acknowledged is there, once, and the rest is whole or not at all") {
    std::uint64_t operations = 0;
    {
        const TempFolder folder;
        FaultDisk disk;
        FaultyCell cell(folder.path());
        Book book;
        live(cell, book);
        cell.close();
        operations = disk.operations();
    }
    std::uint64_t cuts = 0;
    for (std::uint64_t at = 1; at <= operations; ++at) {
        const TempFolder folder;
        FaultDisk disk;
        FaultyCell cell(folder.path());
        Book book;
        disk.fail(Fault::power, at);
        live(cell, book);
        for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::mixed}) {
            const TempFolder survived;
            disk.copy_after_cut(folder.path(), survived.path(), unsynced, at);
            disk.repair();
            FaultyCell later(survived.path());
            INFO("power cut at operation " << at << " of " << operations << ", "
                                           << static_cast<int>(unsynced));
            if (!later.open()) FAIL(later.why_not());
            REQUIRE(later.set_up());
            REQUIRE(later.faults(book) == Names{});
            // The batches of several are there whole or not at all.
            const auto names = peer_names(later.path().world());
            const auto has = [&](const char* name) { return std::ranges::find(names, name) != names.end(); };
            REQUIRE((has("phone") == has("tablet") && has("tablet") == has("desktop")));
            REQUIRE(has("camera") == has("doorbell"));
            // Whoever asks again under the same key gets one peer, however it went.
            for (const auto& name : {"laptop", "phone", "camera"}) {
                const bool was_there = has(name);
                const auto again = later.add(name);
                REQUIRE(again);
                REQUIRE(again->repeated == was_there);
            }
            REQUIRE(later.faults(book) == Names{});
            ++cuts;
        }
    }
    WARN(cuts << " power cuts");
}
