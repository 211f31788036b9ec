// Where a service's files lie, so that all of them change at once. Each version is a folder of its own,
// `v<n>`, and `live` is a symbolic link to one of them that is replaced by rename(2): a program that opens
// {live}/x finds the old or the new, never a mixture, and going back is one rename too. Files that did not
// change are hard links into the version before, so a version costs what changed. (Rejected: a rename per
// file with a record of intent, which is between states while it runs; renameat2's exchange of folders, which
// overlayfs does not always have.)
//
// Nothing here is synced to disk: what must survive a crash is in the journal, and the files are made anew
// from it when the agent starts, before any program does.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "schema/rejection.hpp"

namespace pic::agent {

/// What tells, without reading it, that a file is still the one that was written: inode, size and time.
struct FileStamp {
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    friend bool operator==(const FileStamp& a, const FileStamp& b) {
        return a.inode == b.inode && a.size == b.size && a.modified.tv_sec == b.modified.tv_sec &&
               a.modified.tv_nsec == b.modified.tv_nsec;
    }
};

class Folder {
  public:
    /// Empties `root` or makes it, mode 0700. Throws std::system_error.
    explicit Folder(std::filesystem::path root);

    [[nodiscard]] std::filesystem::path live() const { return root_ / "live"; }
    [[nodiscard]] std::filesystem::path version(std::uint64_t number) const;
    [[nodiscard]] std::uint64_t live_version() const { return live_; }  ///< 0: none yet

    /// A new, empty version.
    [[nodiscard]] Result<std::uint64_t> begin();
    /// Puts a file into a version. Refusals: "write" with what the system said.
    [[nodiscard]] Result<FileStamp> write(std::uint64_t version, const std::string& path,
                                          std::string_view text);
    /// Takes a file over from the live version if it still has this stamp. False: write it.
    [[nodiscard]] bool keep(std::uint64_t version, const std::string& path, const FileStamp& stamp);
    /// Makes a version the live one; 0: none is.
    [[nodiscard]] Result<void> publish(std::uint64_t version);
    /// Removes a version that is not live; its failure is no matter.
    void discard(std::uint64_t version);

    /// What is at a path of the live version now; nothing where it cannot be read.
    [[nodiscard]] std::optional<std::string> read_live(const std::string& path) const;

  private:
    std::filesystem::path root_;
    std::uint64_t last_ = 0;
    std::uint64_t live_ = 0;
};

}  // namespace pic::agent
