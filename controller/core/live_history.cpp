#include "controller/core/live_history.hpp"

#include <spdlog/spdlog.h>

#include <bit>

namespace pic::core {
namespace {

using sqlite::Database;
using sqlite::Transaction;

// Losing the last minutes in a power cut is no harm: no sync. A value is kept as the bits of its double.
constexpr const char* prepare_file =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    "CREATE TABLE IF NOT EXISTS series(id INTEGER PRIMARY KEY, service TEXT NOT NULL, tab TEXT NOT NULL, key "
    "TEXT NOT NULL,"
    " col TEXT NOT NULL, UNIQUE(service, tab, key, col)) STRICT;"
    "CREATE TABLE IF NOT EXISTS sample(series INTEGER NOT NULL, minute INTEGER NOT NULL, value INTEGER NOT "
    "NULL,"
    " PRIMARY KEY(series, minute)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS sample_by_minute ON sample(minute)";

Database open(const std::filesystem::path& file) {
    try {
        Database database(file, Database::Mode::create);
        database.execute(prepare_file);
        return database;
    } catch (const sqlite::Error& error) {
        if (!error.damaged()) throw;
        spdlog::warn("live_history: {} was damaged and is made anew: {}", file.string(), error.what());
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
        Database database(file, Database::Mode::create);
        database.execute(prepare_file);
        return database;
    }
}

}  // namespace

LiveHistory::LiveHistory(const std::filesystem::path& file) : database_(open(file)) {}

LiveHistory::Known& LiveHistory::known(const Name& name) {
    const auto [at, fresh] = known_.try_emplace(name);
    if (!fresh) return at->second;
    const auto& [service, table, key, column] = name;
    const auto bound = [&](std::string_view sql) {
        auto statement = database_.prepare(sql);
        statement.bind(1, service).bind(2, table).bind(3, key).bind(4, column);
        return statement;
    };
    bound("INSERT INTO series(service, tab, key, col) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING").run();
    auto find = bound("SELECT id FROM series WHERE service=? AND tab=? AND key=? AND col=?");
    if (find.step()) at->second.id = find.integer(0);
    return at->second;
}

void LiveHistory::sample(const LiveState& state, Timestamp now) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<Name, double>> values;
    state.each([&](const std::string& service, const std::string& name, const LiveTable& table) {
        for (const auto& column : table.chart) {
            for (const auto& [key, cells] : table.rows) {
                if (const auto value = table.number(key, column))
                    values.emplace_back(Name{service, name, key, column}, *value);
            }
        }
    });
    const auto minute = now.ms / step_ms;
    Transaction transaction(database_);
    auto insert = database_.prepare(
        "INSERT INTO sample(series, minute, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET "
        "value=excluded.value");
    for (const auto& [name, value] : values) {
        auto& entry = known(name);
        if (entry.last == value) continue;
        entry.last = value;
        insert.bind(1, entry.id).bind(2, minute).bind(3, std::bit_cast<std::int64_t>(value)).run();
    }
    database_.prepare("DELETE FROM sample WHERE minute <= ?").bind(1, minute - steps_kept).run();
    transaction.commit();
}

std::vector<LivePoint> LiveHistory::series(const std::string& service, const std::string& table,
                                           const std::string& key, const std::string& column) const {
    const std::lock_guard lock(mutex_);
    auto select = database_.prepare(
        "SELECT minute, value FROM sample JOIN series ON series.id = sample.series"
        " WHERE service=? AND tab=? AND key=? AND col=? ORDER BY minute");
    select.bind(1, service).bind(2, table).bind(3, key).bind(4, column);
    std::vector<LivePoint> points;
    while (select.step())
        points.push_back({{select.integer(0) * step_ms}, std::bit_cast<double>(select.integer(1))});
    return points;
}

}  // namespace pic::core
