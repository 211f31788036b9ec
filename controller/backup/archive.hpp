// A backup is one encrypted file: the log, the vault as it is sealed, and the vault's master key, under a
// passphrase (argon2id) with libsodium's secretstream. The format is one page, docs/backup-format.md.
//
// A reader trusts nothing: costs in the header are bounded before they are spent, the whole file is
// authenticated before one byte of it is interpreted (two passes over the file: decryption runs at the speed
// of the disk), names are plain, sizes are checked, and files appear in a fresh staging folder that goes away
// if anything is wrong. tar inside encryption was rejected: its parsers are where zip-slip lives; a flat list
// of four members needs none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "controller/vault/secret.hpp"
#include "controller/vault/vault.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::backup {

inline constexpr std::size_t members_limit = 16;
inline constexpr std::size_t member_name_limit = 64;
inline constexpr std::uint64_t archive_size_limit = std::uint64_t{1}
                                                    << 40;  ///< bytes of all members together
inline constexpr std::size_t chunk_size = 64 * 1024;        ///< plain bytes in a sealed chunk
inline constexpr std::size_t passphrase_length_min = 8;     ///< bytes

/// Bytes that come as they are read: read(sink) gives the sink exactly `size` of them, in pieces, and ends
/// when it returns false.
struct Stream {
    std::uint64_t size = 0;
    std::function<void(const std::function<bool(std::string_view)>& sink)> read;
};

/// Where a member's bytes come from: a file that nobody writes to any more (a copy), memory (the master key),
/// or a stream (the log, which is large).
using Content = std::variant<std::filesystem::path, vault::Secret, Stream>;

struct Member {
    std::string name;  ///< [a-z0-9][a-z0-9._-]*, unique
    Content content;
};

/// Whether an archive is to outlive a power cut, or is only on its way to somebody else.
enum class Keep { on_disk, in_transit };

struct MemberInfo {
    std::string name;
    std::uint64_t size = 0;  ///< bytes
    friend bool operator==(const MemberInfo&, const MemberInfo&) = default;
};

/// What an archive holds.
struct Manifest {
    std::vector<MemberInfo> members;
};

/// Writes `archive` with mode 0600; an existing file is refused. What a stream throws goes through.
/// Rejections: passphrase_too_short, backup_exists, backup_unwritable, backup_member_invalid.
[[nodiscard]] Result<Manifest> write_archive(const std::filesystem::path& archive,
                                             const vault::Secret& passphrase, std::span<const Member> members,
                                             vault::KdfCost cost = {}, Keep keep = Keep::on_disk);

/// Extracts into the folder `staging`, which must not exist and is created with mode 0700; on any rejection
/// it is removed again. Rejections: backup_missing, backup_not_an_archive, backup_newer_version,
/// backup_parameters, backup_wrong_passphrase (or the beginning of the file is damaged, which cannot be told
/// apart), backup_damaged, backup_truncated, backup_member_invalid, backup_too_large, backup_unwritable.
[[nodiscard]] Result<Manifest> read_archive(const std::filesystem::path& archive,
                                            const vault::Secret& passphrase,
                                            const std::filesystem::path& staging,
                                            std::uint64_t size_limit = archive_size_limit);

}  // namespace pic::backup
