#include "tools/bench/history.hpp"

#include <stdexcept>

#include "controller/core/history.hpp"
#include "controller/log/sqlite_store.hpp"
#include "controller/sqlite/database.hpp"
#include "projections/dispatch.hpp"
#include "tools/bench/samples.hpp"

namespace pic::bench {
namespace {

template <class F>
double timed(F&& work) {
    const auto begin = Clock::now();
    work();
    return seconds(Clock::now() - begin);
}

/// Every column of every event, looked at and no more.
std::uint64_t scan_raw(const std::filesystem::path& file) {
    sqlite::Database database(file, sqlite::Database::Mode::read_only);
    database.execute("PRAGMA mmap_size=0");
    auto rows = database.prepare(
        "SELECT seq, stream, version, type, schema_version, at, actor, source, causation, id, change_id, "
        "previous_hash, hash, request_id, data FROM events ORDER BY seq");
    std::uint64_t seen = 0;
    while (rows.step()) {
        for (int column = 0; column < 9; ++column) seen += static_cast<std::uint64_t>(rows.integer(column));
        for (int column = 9; column < 13; ++column) seen += rows.bytes(column).size();
        for (int column = 13; column < 15; ++column) seen += rows.text(column).size();
    }
    return seen;
}

/// From nothing to the state and every artefact of the cell.
void rebuild(const log::LogStore& store) {
    World world;
    core::replay(store, world, store.head().sequence);
    const auto artefacts = render_all(world);
    if (artefacts.empty()) throw std::runtime_error("nothing was rendered");
}

}  // namespace

std::string history(const std::filesystem::path& data, int rounds) {
    log::SqliteStore store({.folder = data, .read_only = true});
    std::vector<double> raw, rebuilt, verified;
    for (int round = 0; round < rounds; ++round) {
        std::uint64_t seen = 0;
        raw.push_back(timed([&] { seen = scan_raw(data / "log.db"); }));
        if (seen == 0) throw std::runtime_error("the log is empty");
        rebuilt.push_back(timed([&] { rebuild(store); }));
        verified.push_back(timed([&] {
            const auto verdict = store.verify({}, store.head().sequence);
            if (!verdict.ok) throw std::runtime_error(verdict.detail);
        }));
    }
    return json({{"raw", raw},
                 {"rebuild", rebuilt},
                 {"verify", verified},
                 {"events", {static_cast<double>(store.head().sequence.value)}}});
}

}  // namespace pic::bench
