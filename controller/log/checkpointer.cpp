#include "controller/log/checkpointer.hpp"

#include <sqlite3.h>

#include <array>

namespace pic::log {
namespace {

/// Written and synced while the writer waits: about as long as a commit of its own. SQLite's unix VFS writes
/// nothing of 128 KiB or more, since no page of its own is as long.
constexpr int piece_bytes = 64 * 1024;

}  // namespace

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
        if (pages < from_ && (is_long_ || pages < busy_pages)) return;
    }
    wake_.notify_one();
}

void Checkpointer::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [&] { return stopping_ || pages_ >= from_ || (!is_long_ && pages_ >= busy_pages); });
        if (stopping_) return;
        const bool is_due = pages_ >= from_;
        is_long_ = true;
        lock.unlock();
        if (is_due) {
            move_all();
        } else {
            lengthen();
        }
        lock.lock();
    }
}

/// Zeros after its end, which no frame begins with, so that whoever recovers the WAL reads up to there and no
/// further. SQLite has no call for it, but gives us the file that it has open. A piece is synced before the
/// writer may go on: if that fails, nothing is lost with it that a commit would have synced. Where it fails,
/// as on a full disk, the WAL grows as it would have.
void Checkpointer::lengthen() {
    sqlite3_file* wal = nullptr;
    sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal));
    if (wal == nullptr || wal->pMethods == nullptr) return;
    static constexpr std::array<char, piece_bytes> zeros{};
    const auto one_piece = [&] {
        const auto& file = *wal->pMethods;
        sqlite3_int64 length = 0;
        return file.xFileSize(wal, &length) == SQLITE_OK && length < full_length &&
               file.xWrite(wal, zeros.data(), piece_bytes, length) == SQLITE_OK &&
               file.xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) == SQLITE_OK;
    };
    bool more = true;
    while (more) {
        const std::lock_guard writer_waits(gate_);
        more = one_piece();
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
