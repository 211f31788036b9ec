// The read side of the log in SQLite: a connection with a snapshot of its own, so that reads never wait for
// the writer nor the writer for them. Connections wait in a pool; there are as many as there were readers at
// once.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "controller/log/chain.hpp"
#include "controller/log/store.hpp"
#include "controller/sqlite/database.hpp"

namespace pic::log {

/// Texts by number, fetched when first asked for. They never change, so they are kept from one snapshot to
/// the next.
class NameCache {
  public:
    NameCache(const sqlite::Database& database, std::string_view table);
    /// Stays where it is. Throws ReadError where the table has no such number.
    [[nodiscard]] std::string_view at(std::int64_t number);
    /// 0 where the name is not known. Walks the table: for filters, not for rows.
    [[nodiscard]] std::int64_t find(std::string_view name);

  private:
    sqlite::Statement by_number_, by_name_;
    std::deque<std::string> names_;
    std::vector<bool> known_;
};

/// One row of the events; the views are valid until the statement steps.
struct Row {
    ChainedEvent event;
    std::int64_t stream = 0;
    std::int64_t type = 0;
    Digest previous_hash{}, hash{};
};

class SqliteReader {
  public:
    explicit SqliteReader(const std::filesystem::path& file);

    /// The log as of one moment, for as long as it lives. One at a time.
    class Snapshot {
      public:
        explicit Snapshot(SqliteReader& reader);
        ~Snapshot();
        Snapshot(const Snapshot&) = delete;
        Snapshot& operator=(const Snapshot&) = delete;

      private:
        SqliteReader& reader_;
    };

    [[nodiscard]] const sqlite::Database& database() const { return database_; }
    /// Every column in the order that decode() wants; what follows FROM is the caller's.
    [[nodiscard]] sqlite::Statement select(std::string_view rest) const;
    /// Throws ReadError (log_damaged).
    [[nodiscard]] Row decode(const sqlite::Statement& row);

    [[nodiscard]] std::vector<Event> read(Sequence after, std::size_t limit, const Filter& filter);
    [[nodiscard]] std::optional<Event> event(Sequence sequence);
    [[nodiscard]] std::vector<Event> change(const Uuid& change_id);
    /// A long one is read ahead by a thread of its own, which alone uses the connection meanwhile.
    void scan(Sequence after, Sequence to, const std::function<bool(const ScannedEvent&)>& visit);

  private:
    template <class F>
    void each_scanned(Sequence after, Sequence to, F&& visit);
    void scan_ahead(Sequence after, Sequence to, const std::function<bool(const ScannedEvent&)>& visit);
    [[nodiscard]] std::vector<Event> collect(sqlite::Statement& rows);

    sqlite::Database database_;
    NameCache streams_, names_;
    sqlite::Statement begin_, end_, by_sequence_, by_change_, scan_;
};

class ReaderPool {
  public:
    explicit ReaderPool(std::filesystem::path file) : file_(std::move(file)) {}

    /// Runs work(reader) in a snapshot. What SQLite throws becomes a ReadError.
    template <class F>
    auto with(F&& work) {
        const auto lease = take();
        return translated([&] {
            const SqliteReader::Snapshot snapshot(*lease);
            return work(*lease);
        });
    }

  private:
    [[nodiscard]] std::shared_ptr<SqliteReader> take();
    void give_back(std::unique_ptr<SqliteReader> reader);
    [[noreturn]] static void fail(const sqlite::Error& error);

    template <class F>
    static auto translated(F&& work) {
        try {
            return work();
        } catch (const sqlite::Error& error) {
            fail(error);
        }
    }

    std::filesystem::path file_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<SqliteReader>> idle_;
};

}  // namespace pic::log
