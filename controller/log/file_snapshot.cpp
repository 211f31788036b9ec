#include "controller/log/file_snapshot.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "controller/log/log_file.hpp"

namespace pic::log {
namespace {

constexpr int attempts = 100;
constexpr std::chrono::milliseconds between_attempts{10};
constexpr std::uint64_t bytes_at_once = 256 * 1024;

/// https://sqlite.org/fileformat.html: the format's write and read version. 2 is "WAL", 1 is a file of its
/// own.
constexpr std::array<std::size_t, 2> version_at{18, 19};
constexpr char without_wal = 1;

}  // namespace

std::unique_ptr<FileSnapshot> FileSnapshot::take(const std::filesystem::path& file, std::mutex& gate) {
    std::unique_ptr<FileSnapshot> snapshot(new FileSnapshot(open_for_writing(file)));
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (attempt != 0) std::this_thread::sleep_for(between_attempts);
        (void)snapshot->move_wal();  // the long part, beside the writer
        const std::lock_guard writer_waits(gate);
        if (!snapshot->move_wal()) continue;
        snapshot->begin();
        return snapshot;
    }
    return nullptr;
}

/// True: all of it is in the file.
bool FileSnapshot::move_wal() {
    int pages = 0, moved = 0;
    const int result =
        sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    if (result == SQLITE_BUSY) return false;  // the checkpointer is at it
    if (result != SQLITE_OK) throw sqlite::Error(result, sqlite3_errmsg(database_.handle()));
    return pages == moved;
}

void FileSnapshot::begin() {
    database_.execute("BEGIN");
    size_ = static_cast<std::uint64_t>(database_.query_integer("PRAGMA page_count") *
                                       database_.query_integer("PRAGMA page_size"));
}

void FileSnapshot::read(const std::function<bool(std::string_view)>& sink) const {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
    std::string piece(bytes_at_once, '\0');
    for (std::uint64_t at = 0; at < size_; at += piece.size()) {
        piece.resize(std::min(bytes_at_once, size_ - at));
        const int result = file->pMethods->xRead(file, piece.data(), static_cast<int>(piece.size()),
                                                 static_cast<sqlite3_int64>(at));
        if (result != SQLITE_OK) throw sqlite::Error(result, "the log's file cannot be read");
        if (at == 0) {
            for (const auto version : version_at) piece[version] = without_wal;
        }
        if (!sink(piece)) return;
    }
}

}  // namespace pic::log
