#include "controller/log/log_file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstring>
#include <fstream>

#include "controller/log/store.hpp"

namespace pic::log {
namespace {

constexpr std::int64_t application_id = 0x5049434C;  ///< "PICL", as in log.sql
constexpr std::string_view magic{"SQLite format 3\0", 16};
constexpr int cache_kib = 4 * 1024;  ///< of the writing connection: it writes at the ends of its tables
constexpr int journal_limit_bytes = 64 * 1024 * 1024;  ///< what is left of a WAL that grew beyond it

/// The header that every SQLite file begins with, https://sqlite.org/fileformat2.html#the_database_header
struct Header {
    static constexpr std::size_t size = 100;
    static constexpr std::size_t user_version_at = 60, application_id_at = 68;
    unsigned char bytes[size] = {};

    [[nodiscard]] std::int64_t number(std::size_t at) const {
        return std::int64_t{bytes[at]} << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    }
};

void check_version(std::int64_t version) {
    if (version > format_version) {
        throw OpenError("log_newer_version",
                        fmt::format("the log has format {}, this program knows up to {}: use a newer one",
                                    version, format_version));
    }
}

/// The tables, indexes and triggers of a database, one a line.
std::string description_of(const sqlite::Database& database) {
    std::string lines;
    auto rows =
        database.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name");
    while (rows.step()) lines += fmt::format("{} {}: {}\n", rows.text(0), rows.text(1), rows.text(2));
    return lines;
}

void check_schema(const sqlite::Database& database) {
    sqlite::Database ours(":memory:", sqlite::Database::Mode::read_write);
    ours.execute(log_sql);
    if (description_of(database) != description_of(ours)) {
        throw OpenError("log_damaged", "the log's tables and triggers are not as they were made");
    }
}

void expect(std::string_view setting, std::string_view wanted, std::string_view got) {
    if (got == wanted) return;
    throw OpenError("log_settings",
                    fmt::format("the log needs {}={} but SQLite says {}", setting, wanted, got));
}

void apply_settings(sqlite::Database& database) {
    expect("journal_mode", "wal", database.query_text("PRAGMA journal_mode=WAL"));
    database.execute("PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0");
    expect("synchronous", "2", database.query_text("PRAGMA synchronous"));
    expect("wal_autocheckpoint", "0", database.query_text("PRAGMA wal_autocheckpoint"));
    database.execute(fmt::format("PRAGMA cache_size=-{}", cache_kib).c_str());
    (void)database.query_integer(fmt::format("PRAGMA journal_size_limit={}", journal_limit_bytes));
}

[[noreturn]] void refuse(const sqlite::Error& error) {
    throw OpenError(error.damaged() ? "log_damaged" : "log_io",
                    fmt::format("the log cannot be opened: {}", error.what()));
}

}  // namespace

bool log_exists(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error == std::errc::no_such_file_or_directory) return false;
    if (error) throw OpenError("log_io", fmt::format("cannot read {}: {}", file.string(), error.message()));
    if (size == 0) return false;
    Header header;
    std::ifstream in(file, std::ios::binary);
    in.read(reinterpret_cast<char*>(header.bytes), Header::size);
    if (!in || std::memcmp(header.bytes, magic.data(), magic.size()) != 0) {
        // A crash while it was made may leave any part of the first page, and beside it the journal that
        // takes it back.
        if (std::filesystem::exists(file.string() + "-journal", error)) return false;
        throw OpenError("log_not_ours", fmt::format("{} is not a PIC log", file.string()));
    }
    // What was begun and not ended by a crash has no tables and no id yet.
    const auto id = header.number(Header::application_id_at);
    if (id == 0) return false;
    if (id != application_id)
        throw OpenError("log_not_ours", fmt::format("{} is not a PIC log", file.string()));
    check_version(header.number(Header::user_version_at));
    return true;
}

void make_log(const std::filesystem::path& file, const Uuid& cell, Timestamp now) try {
    sqlite::Database database(file, sqlite::Database::Mode::create);
    // What a crash left in the journals is taken in or taken back by the first read.
    if (database.query_integer("PRAGMA application_id") == application_id)
        return;  // the header was still in the WAL
    if (database.query_integer("SELECT count(*) FROM sqlite_schema") != 0) {
        throw OpenError("log_not_ours", fmt::format("{} is not a PIC log", file.string()));
    }
    apply_settings(database);
    sqlite::Transaction transaction(database);
    database.execute(log_sql);
    database.prepare("INSERT INTO log (one, cell, heads_at) VALUES (1, ?, 0)").bind(1, bytes_of(cell)).run();
    database.prepare("INSERT INTO epochs (epoch, after, at) VALUES (1, 0, ?)").bind(1, now.ms).run();
    transaction.commit();
} catch (const sqlite::Error& error) {
    refuse(error);
}

sqlite::Database open_for_writing(const std::filesystem::path& file) try {
    sqlite::Database database(file, sqlite::Database::Mode::read_write);
    apply_settings(database);
    check_version(database.query_integer("PRAGMA user_version"));
    check_schema(database);
    return database;
} catch (const sqlite::Error& error) {
    refuse(error);
}

sqlite::Database open_for_reading(const std::filesystem::path& file) {
    sqlite::Database database(file, sqlite::Database::Mode::read_only);
    database.execute("PRAGMA mmap_size=0; PRAGMA query_only=ON");
    return database;
}

}  // namespace pic::log
