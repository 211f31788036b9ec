#include "controller/log/checkpointer.hpp"

#include <sqlite3.h>

namespace pic::log {

Checkpointer::Checkpointer(sqlite::Database database, std::mutex& gate)
    : database_(std::move(database)), gate_(gate) {
    // A WAL that was recovered from the page cache after a failed fsync looks whole but need not be on the
    // disk: moving it and syncing the database makes it so, or fails here.
    const int result =
        sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    if (result != SQLITE_OK) throw sqlite::Error(result, sqlite3_errmsg(database_.handle()));
    thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Checkpointer::watch(sqlite::Database& writer) {
    const auto hook = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Checkpointer*>(self)->wal_has(pages);
        return SQLITE_OK;
    };
    sqlite3_wal_hook(writer.handle(), hook, this);
}

void Checkpointer::wal_has(int pages) {
    {
        const std::lock_guard lock(mutex_);
        pages_ = pages;
        if (pages < from_) return;
    }
    wake_.notify_one();
}

void Checkpointer::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [&] { return stopping_ || pages_ >= from_; });
        if (stopping_) return;
        lock.unlock();
        move_all();
        lock.lock();
    }
}

void Checkpointer::move_all() {
    bool done = move_some();
    if (!done) {
        const std::lock_guard writer_waits(gate_);
        done = move_some();
    }
    // Where a long read keeps the WAL, or the disk fails, it is left alone until it has grown again; commits
    // do not depend on it.
    const std::lock_guard lock(mutex_);
    from_ = done ? checkpoint_pages : pages_ + checkpoint_pages;
    if (done) pages_ = 0;
}

/// True: nothing is left, the next commit begins the WAL anew.
bool Checkpointer::move_some() {
    int pages = 0, moved = 0;
    const int result =
        sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    return result == SQLITE_OK && pages == moved;
}

}  // namespace pic::log
