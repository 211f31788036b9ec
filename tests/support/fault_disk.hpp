// A disk for SQLite that fails when it is told to: a VFS (https://sqlite.org/vfs.html) over the real one, in
// use by every connection that is opened while it lives. It fills up, fails a write or an fsync, and loses
// power: it knows for each file what was synced and what was only written, and makes a folder as a machine
// would find it after the cut.
//
// A failed fsync is as Linux has it: the pages that could not be written are marked clean and never written
// again unless they are changed again, while reads go on showing them. Whoever merely repeats the fsync is
// told that all is well, and loses data at the next cut. (A loop device with error injection was rejected: it
// needs root, and cannot say which bytes were synced.) Syncs do not wait for the real disk, so thousands of
// cuts take seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace pic::test {

class FaultDisk {
  public:
    FaultDisk();
    ~FaultDisk();
    FaultDisk(const FaultDisk&) = delete;
    FaultDisk& operator=(const FaultDisk&) = delete;

    enum class Fault {
        full,     ///< no file grows any more (SQLITE_FULL)
        write,    ///< EIO on writing and truncating
        sync,     ///< EIO on fsync
        any_one,  ///< the next operation fails, whatever it is, and then the disk is well again
        power,    ///< the power goes: what was not synced is lost, and nothing works from here on
    };
    /// The `at`th operation from now on (1: the next) is the first to meet the fault. Operations are writes,
    /// truncations, syncs and deletions, of any file whose path holds `file`.
    void fail(Fault fault, std::uint64_t at = 1, std::string file = {});
    void repair();
    /// Operations since the disk was made, or the last call of fail() or repair().
    [[nodiscard]] std::uint64_t operations() const;
    /// Whether the fault that was asked for has been met.
    [[nodiscard]] bool met() const;

    /// What became of what was written and not synced.
    enum class Unsynced {
        lost,   ///< none of it reached the disk
        kept,   ///< all of it did
        mixed,  ///< some sectors did, in no order: `seed` says which
    };
    /// Copies the folder as it would be found after a cut at this moment (or at the one that fail() was
    /// told).
    void copy_after_cut(const std::filesystem::path& from, const std::filesystem::path& to, Unsynced unsynced,
                        std::uint64_t seed = 1) const;

    struct State;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace pic::test
