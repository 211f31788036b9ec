// Bits of the log's file flipped, one at a time, on every page: whatever alters an event is found, and the
// first event that is not as it was is named. PIC_FLIPS_PER_PAGE says how many bits of each page are tried,
// "all" of them if need be.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>

#include "controller/log/chain.hpp"
#include "controller/sqlite/database.hpp"
#include "log/log_fixture.hpp"
#include "support/fault_disk.hpp"

using namespace pic;
using namespace pic::test;

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t flips_by_default = 8;

std::size_t flips_per_page() {
    const char* const asked = std::getenv("PIC_FLIPS_PER_PAGE");
    if (asked == nullptr) return flips_by_default;
    return std::string_view(asked) == "all" ? page_bytes * 8 : std::stoul(asked);
}

/// A log of every shape of event that matters here, closed: all of it lies in log.db.
struct Original {
    TempFolder folder;
    std::filesystem::path file = folder / "log.db";
    std::string bytes;
    std::vector<std::string> events;

    Original() {
        {
            log::SqliteStore store(options());
            fill(store, log::signature_interval + 100);
            auto info = change(5000, "user:\xC3\xA4nne");
            info.causation = Sequence{7};
            append(store, info,
                   {fact("cell", "CellChanged", std::string(9000, 'x')), fact("dns", "Empty", "")});
            events = read(store);
        }
        bytes = read_bytes(file);
        REQUIRE_FALSE(std::filesystem::exists(folder / "log.db-wal"));
    }

    [[nodiscard]] log::OpenOptions options(bool read_only = false) const {
        auto made = pic::test::options(folder);
        made.signer = signer(1);
        made.read_only = read_only;
        return made;
    }

    static std::vector<std::string> read(const log::LogStore& store) {
        std::vector<std::string> all;
        for (const auto& event : store.read({}, 100'000)) {
            std::string columns;
            log::append_canonical(columns, event.previous_hash, log::view_of(event));
            all.push_back(columns + to_hex(event.hash));
        }
        return all;
    }
};

/// What is wrong with a log whose file was altered.
struct Finding {
    bool opens = true;                   ///< for writing
    bool readable = true;                ///< every event can be read
    std::optional<std::size_t> altered;  ///< the first event that is not as it was, from 1
    std::optional<Sequence> named;       ///< by verify()
    bool verifies = true;
};

Finding look_at(const Original& original) {
    Finding found;
    const std::vector<log::TrustedKey> trusted{{signer(1)->public_key(), Sequence{1}, std::nullopt}};
    std::unique_ptr<log::SqliteStore> store;
    try {
        store = std::make_unique<log::SqliteStore>(original.options());
    } catch (const log::OpenError&) {
        found.opens = false;
    }
    try {
        if (!store) store = std::make_unique<log::SqliteStore>(original.options(true));
        const auto verdict = store->verify({}, whole_log, trusted);
        found.verifies = verdict.ok;
        found.named = verdict.first_bad;
        const auto events = Original::read(*store);
        const auto [was, is] = std::ranges::mismatch(original.events, events);
        if (was != original.events.end() || is != events.end()) {
            found.altered = static_cast<std::size_t>(was - original.events.begin()) + 1;
        }
    } catch (const std::exception&) {  // OpenError, ReadError: nothing of it can be read, or not all
        found.readable = false;
    }
    store.reset();
    return found;
}

}  // namespace

TEST_CASE("every flip of a bit that alters an event is found, and the event is named") {
    const FaultDisk disk;  // a good one here, that does not wait for the real one
    const Original original;
    const auto pages = original.bytes.size() / page_bytes;
    const auto flips = flips_per_page();
    std::mt19937_64 random(1);
    std::size_t tried = 0, altering = 0, unreadable = 0, refused = 0, harmless = 0;
    for (std::size_t page = 0; page < pages; ++page) {
        for (std::size_t i = 0; i < flips; ++i, ++tried) {
            const auto bit = flips == page_bytes * 8 ? i : random() % (page_bytes * 8);
            const auto at = page * page_bytes + bit / 8;
            auto bytes = original.bytes;
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << (bit % 8)));
            for (const char* name : {"log.db-wal", "log.db-shm", "log.db-journal"}) {
                std::filesystem::remove(original.folder / name);
            }
            write_bytes(original.file, bytes);
            const auto found = look_at(original);
            INFO("bit " << bit % 8 << " of byte " << at << " (page " << page + 1 << ")");
            if (!found.opens) ++refused;
            if (found.altered) {
                ++altering;
                REQUIRE_FALSE(found.verifies);
                REQUIRE(found.named);
                REQUIRE(found.named->value <= *found.altered);
            } else if (!found.readable) {
                ++unreadable;
                REQUIRE((!found.opens || !found.verifies));
            } else {
                ++harmless;
            }
        }
    }
    write_bytes(original.file, original.bytes);
    const auto good = look_at(original);
    CHECK((good.opens && good.readable && good.verifies && !good.altered));
    CHECK(altering > tried / 3);
    WARN(tried << " flips on " << pages << " pages: " << altering << " altered events and were named, "
               << unreadable << " made the file unreadable, " << refused << " were refused for writing, "
               << harmless << " changed no event");
}

TEST_CASE("a flip in the WAL costs its tail at most: no event is altered") {
    const FaultDisk disk;
    const TempFolder folder, copy;
    std::vector<std::string> events;
    {
        log::SqliteStore store(options(folder));
        for (std::uint64_t i = 1; i <= 12; ++i) append(store, change(i), {fact("peer-a"), fact("peer-b")});
        events = Original::read(store);
        for (const char* name : {"log.db", "log.db-wal"})
            std::filesystem::copy_file(folder / name, copy / name);
    }
    const auto wal = read_bytes(copy / "log.db-wal");
    const auto database = read_bytes(copy / "log.db");
    REQUIRE(wal.size() > 10 * page_bytes);
    std::mt19937_64 random(1);
    for (std::size_t at = 0; at < wal.size(); at += 1 + random() % 400) {
        auto bytes = wal;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        std::filesystem::remove(copy / "log.db-shm");
        write_bytes(copy / "log.db", database);
        write_bytes(copy / "log.db-wal", bytes);
        INFO("byte " << at);
        log::SqliteStore store(options(copy));
        const auto left = Original::read(store);
        REQUIRE(left.size() <= events.size());
        REQUIRE(left.size() % 2 == 0);
        REQUIRE(std::ranges::equal(left, std::span(events).first(left.size())));
        REQUIRE(store.verify({}, whole_log).ok);
    }
}

TEST_CASE("a log that ends before a head that was signed has lost its tail") {
    const TempFolder folder;
    auto with_signer = options(folder);
    with_signer.signer = signer(1);
    {
        log::SqliteStore store(with_signer);
        fill(store, 20);
    }
    {
        sqlite::Database raw(folder / "log.db", sqlite::Database::Mode::read_write);
        const auto trigger = raw.query_text("SELECT sql FROM sqlite_schema WHERE name = 'events_no_delete'");
        raw.execute("DROP TRIGGER events_no_delete; DELETE FROM events WHERE seq = 20");
        raw.execute(trigger.c_str());
    }
    CHECK_THROWS_WITH(log::SqliteStore(with_signer), Catch::Contains("before a head that was signed"));
    auto looking = with_signer;
    looking.read_only = true;
    const log::SqliteStore store(looking);
    const auto verdict = store.verify({}, whole_log);
    CHECK_FALSE(verdict.ok);
    CHECK(verdict.first_bad == Sequence{20});
}
