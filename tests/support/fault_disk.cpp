#include "support/fault_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pic::test {
namespace {

constexpr std::size_t sector_bytes = 512;  ///< what a disk writes whole or not at all
constexpr const char* vfs_name = "fault-disk";

/// A write, or a truncation where it has no bytes.
struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    bool truncates = false;
};

void apply(std::string& image, const Change& change) {
    if (change.truncates) return image.resize(change.offset);
    if (image.size() < change.offset + change.bytes.size()) image.resize(change.offset + change.bytes.size());
    std::ranges::copy(change.bytes, image.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

/// One file, as the page cache and as the disk know it.
struct Tracked {
    std::optional<std::string> durable;  ///< nothing: after a cut there is no such file
    bool fresh = false;                  ///< the durable one was deleted since: changes apply to nothing
    bool there = true;                   ///< as programs see it
    std::vector<Change> unsynced;

    void sync() {
        auto image = fresh || !durable ? std::string() : std::move(*durable);
        for (const auto& change : unsynced) apply(image, change);
        unsynced.clear();
        fresh = false;
        durable = std::move(image);
    }
};

std::optional<std::string> content_of(const std::filesystem::path& file) {
    FILE* const in = std::fopen(file.c_str(), "rb");
    if (in == nullptr) return std::nullopt;
    std::string bytes;
    char buffer[4096];
    for (std::size_t got = 1; got != 0;) {
        got = std::fread(buffer, 1, sizeof buffer, in);
        bytes.append(buffer, got);
    }
    std::fclose(in);
    return bytes;
}

}  // namespace

struct FaultDisk::State {
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    sqlite3_vfs vfs{};

    std::mutex mutex;  // of what follows
    std::map<std::string, Tracked> files;
    std::optional<Fault> fault;
    std::uint64_t at = 0, count = 0;
    std::string of;
    bool met = false;

    /// What was deleted there stays deleted.
    void sync_folder_of(const std::string& path) {
        const auto folder = std::filesystem::path(path).parent_path();
        std::erase_if(files, [&](const auto& entry) {
            return !entry.second.there && std::filesystem::path(entry.first).parent_path() == folder;
        });
    }

    /// Counts an operation. The fault that it meets.
    std::optional<Fault> meets(const std::string& path) {
        if (!of.empty() && path.find(of) == std::string::npos) return std::nullopt;
        ++count;
        if (!fault || count < at) return std::nullopt;
        const auto now = *fault;
        if (now == Fault::any_one) fault.reset();
        return now;
    }
};

namespace {

FaultDisk::State* disk = nullptr;  ///< the one there is

struct File {
    sqlite3_file base;
    std::string* path;  ///< null: a temporary file, of no interest
    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& as_file(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return as_file(file).real(); }

std::uint64_t size_of(sqlite3_file* file) {
    sqlite3_int64 size = 0;
    real_of(file)->pMethods->xFileSize(real_of(file), &size);
    return static_cast<std::uint64_t>(size);
}

int close_file(sqlite3_file* file) {
    const int result = real_of(file)->pMethods->xClose(real_of(file));
    delete as_file(file).path;
    as_file(file).path = nullptr;
    return result;
}

int read_file(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
    return real_of(file)->pMethods->xRead(real_of(file), to, amount, offset);
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
    using Fault = FaultDisk::Fault;
    const auto write = [&] { return real_of(file)->pMethods->xWrite(real_of(file), from, amount, offset); };
    const auto* const path = as_file(file).path;
    if (path == nullptr) return write();
    const std::lock_guard lock(disk->mutex);
    const auto fault = disk->meets(*path);
    const auto end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(amount);
    const bool grows = end > size_of(file);
    if (fault == Fault::full && grows) return disk->met = true, SQLITE_FULL;
    auto& tracked = disk->files[*path];
    Change change{static_cast<std::uint64_t>(offset),
                  std::string(static_cast<const char*>(from), static_cast<std::size_t>(amount))};
    if (fault == Fault::power) {
        // The one that was under way may have reached the disk; those after it were never made.
        if (!std::exchange(disk->met, true)) tracked.unsynced.push_back(std::move(change));
        return SQLITE_IOERR_WRITE;
    }
    if (fault == Fault::write || fault == Fault::any_one) return disk->met = true, SQLITE_IOERR_WRITE;
    tracked.unsynced.push_back(std::move(change));
    return write();
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    using Fault = FaultDisk::Fault;
    const auto truncate = [&] { return real_of(file)->pMethods->xTruncate(real_of(file), size); };
    const auto* const path = as_file(file).path;
    if (path == nullptr) return truncate();
    const std::lock_guard lock(disk->mutex);
    const auto fault = disk->meets(*path);
    if (fault && fault != Fault::full && fault != Fault::sync) return disk->met = true, SQLITE_IOERR_TRUNCATE;
    disk->files[*path].unsynced.push_back({static_cast<std::uint64_t>(size), {}, true});
    return truncate();
}

int sync_file(sqlite3_file* file, int) {
    using Fault = FaultDisk::Fault;
    const auto* const path = as_file(file).path;
    if (path == nullptr) return SQLITE_OK;
    const std::lock_guard lock(disk->mutex);
    const auto fault = disk->meets(*path);
    auto& tracked = disk->files[*path];
    if (fault == Fault::power) return disk->met = true, SQLITE_IOERR_FSYNC;
    if (fault == Fault::sync || fault == Fault::write || fault == Fault::any_one) {
        disk->met = true;
        tracked.unsynced.clear();  // marked clean: no later fsync writes them
        return SQLITE_IOERR_FSYNC;
    }
    const bool is_new = tracked.fresh || !tracked.durable;
    tracked.sync();
    if (is_new) disk->sync_folder_of(*path);  // as SQLite does for a journal that it made
    return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
int unlock_file(sqlite3_file* file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
int check_lock(sqlite3_file* file, int* out) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
int control(sqlite3_file* file, int what, void* argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}
int sector_size(sqlite3_file* file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
int characteristics(sqlite3_file* file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, to);
}
int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
void shm_barrier(sqlite3_file* file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

const sqlite3_io_methods methods{
    2,         close_file,  read_file,  write_file, truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control,    sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,  nullptr,    nullptr,
};

bool is_tracked(const char* name) {
    const std::lock_guard lock(disk->mutex);
    return disk->files.contains(name);
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto& mine = as_file(file);
    std::memset(file, 0, sizeof(File));
    // Only what nobody has open may be read here: to close a file drops the process's locks on it.
    std::optional<std::string> before;
    if (name != nullptr && !is_tracked(name)) before = content_of(name);
    const int result = disk->real->xOpen(disk->real, name, mine.real(), flags, out_flags);
    if (result != SQLITE_OK) return result;
    mine.base.pMethods = &methods;
    if (name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) return result;
    mine.path = new std::string(name);
    const std::lock_guard lock(disk->mutex);
    const auto [entry, is_new] = disk->files.try_emplace(name);
    if (is_new) entry->second.durable = std::move(before);
    entry->second.there = true;
    return result;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
    using Fault = FaultDisk::Fault;
    const std::lock_guard lock(disk->mutex);
    const auto fault = disk->meets(name);
    if (fault && fault != Fault::full && fault != Fault::sync) return disk->met = true, SQLITE_IOERR_DELETE;
    if (const auto entry = disk->files.find(name); entry != disk->files.end()) {
        entry->second.unsynced.clear();
        entry->second.fresh = true;
        entry->second.there = false;
        if (sync_folder != 0) disk->files.erase(entry);
    }
    return disk->real->xDelete(disk->real, name, 0);
}

}  // namespace

FaultDisk::FaultDisk() : state_(std::make_unique<State>()) {
    if (disk != nullptr) throw std::logic_error("one FaultDisk at a time");
    disk = state_.get();
    auto& vfs = state_->vfs;
    vfs = *state_->real;
    vfs.zName = vfs_name;
    vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->real->szOsFile;
    vfs.pNext = nullptr;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    sqlite3_vfs_register(&vfs, 1);
}

FaultDisk::~FaultDisk() {
    sqlite3_vfs_unregister(&state_->vfs);
    sqlite3_vfs_register(state_->real, 1);
    disk = nullptr;
}

void FaultDisk::fail(Fault fault, std::uint64_t at, std::string file) {
    const std::lock_guard lock(state_->mutex);
    state_->fault = fault;
    state_->at = at;
    state_->count = 0;
    state_->of = std::move(file);
    state_->met = false;
}

void FaultDisk::repair() {
    const std::lock_guard lock(state_->mutex);
    state_->fault.reset();
    state_->count = 0;
    state_->of.clear();
    state_->met = false;
}

std::uint64_t FaultDisk::operations() const {
    const std::lock_guard lock(state_->mutex);
    return state_->count;
}

bool FaultDisk::met() const {
    const std::lock_guard lock(state_->mutex);
    return state_->met;
}

namespace {

/// What a file is after a cut; nothing: it is not there.
std::optional<std::string> after_cut(const Tracked& file, FaultDisk::Unsynced unsynced,
                                     std::mt19937_64& random) {
    using Unsynced = FaultDisk::Unsynced;
    const auto chance = [&] { return (random() & 1) != 0; };
    const bool as_before =
        unsynced == Unsynced::lost || (unsynced == Unsynced::mixed && file.fresh && chance());
    if (as_before) return file.durable;
    if (!file.there) return std::nullopt;
    auto image = file.fresh ? std::string() : file.durable.value_or("");
    for (const auto& change : file.unsynced) {
        if (unsynced == Unsynced::kept) {
            apply(image, change);
            continue;
        }
        if (change.truncates) {
            if (chance()) apply(image, change);
            continue;
        }
        for (std::size_t start = 0; start < change.bytes.size();) {
            const auto next = sector_bytes - (change.offset + start) % sector_bytes;
            const auto size = std::min(next, change.bytes.size() - start);
            if (chance()) apply(image, {change.offset + start, change.bytes.substr(start, size)});
            start += size;
        }
    }
    return image;
}

}  // namespace

void FaultDisk::copy_after_cut(const std::filesystem::path& from, const std::filesystem::path& to,
                               Unsynced unsynced, std::uint64_t seed) const {
    namespace fs = std::filesystem;
    std::mt19937_64 random(seed);
    fs::create_directories(to);
    const std::lock_guard lock(state_->mutex);
    for (const auto& entry : fs::directory_iterator(from)) {
        const auto path = entry.path().string();
        if (!entry.is_regular_file() || state_->files.contains(path) || path.ends_with("-shm")) continue;
        fs::copy_file(path, to / entry.path().filename());
    }
    for (const auto& [path, file] : state_->files) {
        if (fs::path(path).parent_path() != from) continue;
        const auto image = after_cut(file, unsynced, random);
        if (!image) continue;
        FILE* const out = std::fopen((to / fs::path(path).filename()).c_str(), "wb");
        std::fwrite(image->data(), 1, image->size(), out);
        std::fclose(out);
    }
}

}  // namespace pic::test
