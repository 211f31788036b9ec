// The log's file, byte by byte, beside writes.
#include <catch2/catch.hpp>
#include <fstream>

#include "log/log_fixture.hpp"

namespace pic::test {
namespace {

/// More than the checkpointer lets gather in the WAL.
constexpr std::uint64_t many = 20'000;

void write_many(log::LogStore& store) {
    const std::string data = R"({"text":")" + std::string(1000, 'x') + "\"}";
    auto batch = store.begin();
    for (std::uint64_t i = 0; i < many; ++i) {
        const auto event = fact("peer-1", "PeerAdded", data);
        batch->append(change(i), {&event, 1});
    }
    batch->commit();
}

}  // namespace

TEST_CASE("a snapshot of the log's file stands still beside writes and opens as a log of its own") {
    const TempFolder folder, other;
    log::SqliteStore store(options(folder));
    fill(store, 5000);
    const auto head = store.head();
    const auto snapshot = store.snapshot();
    REQUIRE(snapshot != nullptr);
    {
        std::ofstream copy(other / "log.db", std::ios::binary);
        std::uint64_t size = 0;
        snapshot->read([&](std::string_view bytes) {
            if (size == 0) write_many(store);
            copy << bytes;
            size += bytes.size();
            return true;
        });
        CHECK(size == snapshot->size());
    }
    const log::SqliteStore copy(options(other));
    CHECK(copy.head().sequence == head.sequence);
    CHECK(copy.head().hash == head.hash);
    CHECK(copy.verify({}, whole_log).ok);
    CHECK(store.head().sequence.value == head.sequence.value + many);
    CHECK(store.verify({}, whole_log).ok);
}

TEST_CASE("a snapshot of the log's file ends where its reader wants no more") {
    const TempFolder folder;
    log::SqliteStore store(options(folder));
    fill(store, 5000);
    int pieces = 0;
    store.snapshot()->read([&](std::string_view) { return ++pieces < 2; });
    CHECK(pieces == 2);
}

TEST_CASE("there is no snapshot of the log's file while a long read keeps the WAL, and one afterwards") {
    const TempFolder folder;
    log::SqliteStore store(options(folder));
    fill(store, 10);
    bool looked = false;
    store.scan({}, Sequence{1}, [&](const log::ScannedEvent&) {
        append(store, change(11), {fact("peer-1")});
        CHECK(store.snapshot() == nullptr);
        looked = true;
        return true;
    });
    CHECK(looked);
    CHECK(store.snapshot() != nullptr);
}

}  // namespace pic::test
