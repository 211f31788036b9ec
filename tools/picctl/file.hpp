// Files that picctl writes for its user: keys, backups and sign-ins are nobody else's to read, and a file is
// whole or not there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pic::cli {

/// A file in the making: mode 0600, under a temporary name beside `path`, renamed by commit(), removed
/// without.
class NewFile {
  public:
    /// Throws Failure (usage) where it cannot be made.
    explicit NewFile(std::filesystem::path path);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::string_view bytes);
    /// On disk before it has its name. Replaces what was there.
    void commit();

  private:
    std::filesystem::path path_;
    std::string temporary_;
    int fd_ = -1;
};

void write_private_file(const std::filesystem::path& path, std::string_view content);
/// "-" is standard input. Throws Failure (usage).
std::string read_file(const std::string& path);

}  // namespace pic::cli
