// The log's file byte by byte, as of one moment and beside any writes: what a backup is made of, without a
// copy on the disk first.
//
// A reader that begins when all of the WAL has been moved reads the file alone, and while it is there SQLite
// lets nothing be moved into the file (WAL_READ_LOCK(0), https://sqlite.org/walformat.html): the bytes stand
// still, and commits gather in the WAL. They are read through SQLite's own handle, since closing another one
// of the same file would give up the locks of this whole process (POSIX advisory locks). Rejected: SQLite's
// backup API, which writes pages in an order of its own and so needs a second file of the log's size.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "controller/sqlite/database.hpp"

namespace pic::log {

class FileSnapshot {
  public:
    /// As of now; `gate` is held by the writer while a transaction is open. Nothing where a long read kept
    /// the WAL from being moved. Throws sqlite::Error.
    [[nodiscard]] static std::unique_ptr<FileSnapshot> take(const std::filesystem::path& file,
                                                            std::mutex& gate);

    /// In bytes.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// All of it in order, until sink(bytes) returns false. What comes out is one whole database that needs
    /// no journal. Throws sqlite::Error.
    void read(const std::function<bool(std::string_view)>& sink) const;

  private:
    explicit FileSnapshot(sqlite::Database database) : database_(std::move(database)) {}
    [[nodiscard]] bool move_wal();
    void begin();

    sqlite::Database database_;
    std::uint64_t size_ = 0;
};

}  // namespace pic::log
