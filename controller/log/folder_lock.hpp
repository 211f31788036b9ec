// Keeps two daemons off one log: an exclusive flock(2) on <folder>/log.lock for as long as the object lives.
// The kernel releases it when the process dies, however it dies, so there is no stale lock to clean up.
// SQLite's own locks were rejected for this: they guard single transactions, and two writers taking turns
// would each trust a head of their own.
#pragma once

#include <filesystem>

namespace pic::log {

class FolderLock {
  public:
    /// Throws OpenError: log_locked where another process has it, log_io where the file cannot be made.
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace pic::log
