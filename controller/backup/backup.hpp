// Taking a backup of a running cell and making a restored one ready. What goes in: the log as of one moment,
// then a copy of the vault (in this order: a secret is in the vault before an event names it, so the vault's
// copy lacks none), and the vault's master key. What stays out: sessions and the installation's key, which
// belong to the machine.
//
// Restoring is staged: the archive is checked, extracted beside the data and opened like any vault. The
// caller looks into the log that came with it, and destroys in the vault what was destroyed since
// (vault::Vault::merge_tombstones), if it is the same cell's; only then may the files take their places.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "controller/backup/archive.hpp"
#include "controller/vault/vault.hpp"
#include "schema/rejection.hpp"

namespace pic::backup {

inline constexpr char log_member[] = "log.db";
inline constexpr char vault_member[] = "vault.db";
inline constexpr char key_member[] = "master.key";

struct BackupSources {
    /// The log as of the moment of the call: a stream, or a copy at the path that it is given.
    std::function<Result<Content>(const std::filesystem::path&)> log;
    const vault::Vault& vault;
    /// For copies, on the data's own disk; made with mode 0700, gone afterwards.
    std::filesystem::path work_folder;
};

/// Rejections as write_archive().
[[nodiscard]] Result<Manifest> create_backup(const BackupSources& sources,
                                             const std::filesystem::path& archive,
                                             const vault::Secret& passphrase, vault::KdfCost cost = {},
                                             Keep keep = Keep::in_transit);

/// Extracts into `staging`, opens the vault in it and unseals everything once. The staged files are log.db,
/// vault.db and, unless the vault has a passphrase of its own, master.key. On any rejection `staging` is
/// removed. Rejections as read_archive(), and backup_vault_refused.
[[nodiscard]] Result<std::unique_ptr<vault::Vault>> stage_restore(
    const std::filesystem::path& archive, const vault::Secret& passphrase,
    const std::filesystem::path& staging, std::optional<vault::Secret> vault_passphrase = {});

}  // namespace pic::backup
