// The log's WAL is given its full length beside the commits. That write goes through the disk like any other,
// and may fail like any other.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "controller/log/checkpointer.hpp"
#include "faults/faulty_cell.hpp"

using namespace pic;
using namespace pic::test;
using Names = std::vector<std::string>;
using Fault = FaultDisk::Fault;
using Unsynced = FaultDisk::Unsynced;

namespace {

constexpr const char* wal = "log.db-wal";
constexpr std::uint64_t never = std::uint64_t{1} << 40;
constexpr int peers_limit = 200;  ///< far more than it takes to make the log busy

/// Peers are added one by one until the WAL has more pages than a busy one; then it is waited for.
class BusyCell {
  public:
    BusyCell() {
        REQUIRE(cell.open());
        REQUIRE(cell.set_up());
    }
    [[nodiscard]] std::int64_t wal_bytes() const {
        return static_cast<std::int64_t>(std::filesystem::file_size(folder / wal));
    }
    [[nodiscard]] bool is_busy() const { return wal_bytes() > std::int64_t{4096 + 24} * log::busy_pages; }
    void add_one() { cell.add({fmt::format("peer{}", added++)}, book); }

    TempFolder folder;
    FaultDisk disk;
    FaultyCell cell{folder.path()};
    Book book;
    int added = 0;
};

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

void check_after_cut(BusyCell& busy, Unsynced unsynced) {
    const TempFolder survived;
    busy.disk.copy_after_cut(busy.folder.path(), survived.path(), unsynced);
    busy.disk.repair();
    FaultyCell later(survived.path());
    if (!later.open()) FAIL(later.why_not());
    CHECK(later.faults(busy.book) == Names{});
}

}  // namespace

TEST_CASE(
    "a busy log's WAL has its full length on the disk, and what is recovered from it is what was written") {
    BusyCell busy;
    while (!busy.is_busy() && busy.added < peers_limit) busy.add_one();
    REQUIRE(eventually([&] { return busy.wal_bytes() >= log::full_length; }));
    busy.add_one();  // waits for the last piece to be synced
    const TempFolder survived;
    busy.disk.copy_after_cut(busy.folder.path(), survived.path(), Unsynced::lost);
    CHECK(static_cast<std::int64_t>(std::filesystem::file_size(survived / wal)) == busy.wal_bytes());
    for (const auto unsynced : {Unsynced::lost, Unsynced::kept, Unsynced::mixed})
        check_after_cut(busy, unsynced);
}

TEST_CASE("whichever piece of the WAL's length fails, nothing acknowledged is lost and the log goes on") {
    const auto fault = GENERATE(Fault::full, Fault::write, Fault::sync, Fault::power);
    const auto piece = GENERATE(0, 1, 2, 3, 8);
    INFO("fault " << static_cast<int>(fault) << " about operation " << piece << " after the commit");
    BusyCell busy;
    std::int64_t grown = 0;
    // Of a commit on the WAL; the one that makes the log busy has about as many.
    std::uint64_t operations = 0;
    while (busy.wal_bytes() + grown <= std::int64_t{4096 + 24} * log::busy_pages &&
           busy.added < peers_limit) {
        const auto before = busy.wal_bytes();
        busy.disk.fail(fault, never, wal);
        busy.add_one();
        grown = busy.wal_bytes() - before;
        operations = busy.disk.operations();
    }
    REQUIRE_FALSE(busy.is_busy());
    busy.disk.fail(fault, operations + static_cast<std::uint64_t>(piece), wal);
    busy.add_one();
    REQUIRE(eventually([&] { return busy.disk.met(); }));
    check_after_cut(busy, Unsynced::lost);
    if (fault == Fault::power) return;
    busy.add_one();
    CHECK(busy.book.acknowledged.back() == fmt::format("peer{}", busy.added - 1));
    CHECK(busy.cell.faults(busy.book) == Names{});
    check_after_cut(busy, Unsynced::mixed);
}
