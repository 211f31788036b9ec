// Small files that only the daemon may read: the master key, the installation key, the set-up token. Written
// so that they are there whole or not at all, read only if nobody else could have read or replaced them.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "controller/vault/secret.hpp"

namespace pic::vault {

inline constexpr std::size_t private_file_limit = 4096;  ///< bytes

struct FileError {
    enum class Code { missing, permissions, exists, io };
    Code code;
    std::string detail;
};

/// Refused: a symbolic link, another user's file, any right for group or others, more than private_file_limit
/// bytes.
[[nodiscard]] std::expected<Secret, FileError> read_private_file(const std::filesystem::path& file);

enum class IfExists { refuse, replace };
/// Mode 0600, on the disk (file and folder) when this returns.
[[nodiscard]] std::expected<void, FileError> write_private_file(const std::filesystem::path& file,
                                                                const Secret& content, IfExists if_exists);

/// Removes and syncs the folder; a missing file is no error.
[[nodiscard]] std::expected<void, FileError> remove_private_file(const std::filesystem::path& file);

}  // namespace pic::vault
