// Moves the WAL into the database file, off the commit path: a thread with a connection of its own, woken
// when a commit left the WAL long. The long part runs beside the writer; but a WAL that is written to all the
// time is never wholly moved, and only one that is can be begun anew. So the last few pages are moved while
// the writer waits at the gate, which takes it about as long as one more fsync, once in `checkpoint_pages`.
//
// The same thread gives the WAL its full length once it is clear that the log is written to: a commit that
// makes a file longer waits for the file system's journal too, one that writes over what is there waits for
// its own bytes alone.
//
// SQLite's own autocheckpoint was rejected: it makes the commit that crosses the line pay for all the others.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "controller/sqlite/database.hpp"

namespace pic::log {

inline constexpr int checkpoint_pages = 4096;  ///< WAL pages (of 4 KiB) from which it is moved into the file
inline constexpr int busy_pages = 64;          ///< WAL pages from which it is given its full length
/// Bytes; a checkpoint runs beside the writer, so the WAL grows somewhat beyond the line.
inline constexpr std::int64_t full_length =
    std::int64_t{4096 + 24} * (checkpoint_pages + checkpoint_pages / 4);

class Checkpointer {
  public:
    /// `gate` is held by the writer while a transaction is open. Moves what an earlier life left in the WAL
    /// before it returns: what recovery found there may not be on the disk. Throws sqlite::Error.
    Checkpointer(sqlite::Database database, std::mutex& gate);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// Has `writer` tell after each commit how long the WAL is. The checkpointer must outlive the connection.
    void watch(sqlite::Database& writer);

  private:
    void wal_has(int pages);
    void run();
    void lengthen();
    void move_all();
    bool move_some();

    sqlite::Database database_;
    std::mutex& gate_;
    std::mutex mutex_;  // of what follows
    std::condition_variable wake_;
    int pages_ = 0;
    int from_ = checkpoint_pages;
    bool is_long_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace pic::log
