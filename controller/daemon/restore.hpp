// Putting a backup in the place of this cell. Nothing of the cell is touched until all of the archive has
// been seen to be good: in a folder beside the data it is decrypted, its vault opened, its log verified and
// replayed through the parsers that every start uses. Then the cell comes to rest, the restored one is
// brought forward (a new epoch, and what was given up since the backup given up there too), and two renames
// decide:
//
//     <data>/restore.draft     under way: worth nothing after a crash, and removed at the next start
//     <data>/restore.ready     good and on the disk: from this rename on, the cell is the restored one
//     <data>/restore.moving    what it replaces lies in <data>/replaced, its own files are moving to their
//     places
//
// so that a daemon killed anywhere comes back with the old cell or with the new one, never with a mixture.
// What was replaced is kept until the next restore: a backup of the wrong day must not cost the cell.
//
// Rejected: swapping under the running daemon, every part of which holds files, keys and state of the old
// cell. It starts anew instead, in the same process, so that whoever supervises it sees nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "controller/log/sqlite_store.hpp"
#include "controller/vault/vault.hpp"
#include "projections/world.hpp"
#include "schema/event.hpp"
#include "schema/rejection.hpp"

namespace pic::daemon {

/// A backup on its way in. Destroyed before commit(), it leaves nothing behind.
class Restore {
  public:
    /// Checks everything; takes as long as the archive is large. Rejections: those of
    /// backup::stage_restore(), backup_log_refused, backup_newer_version.
    [[nodiscard]] static Result<std::unique_ptr<Restore>> stage(
        std::filesystem::path data, const std::filesystem::path& archive, const vault::Secret& passphrase,
        std::optional<vault::Secret> vault_passphrase);
    ~Restore();
    Restore(const Restore&) = delete;
    Restore& operator=(const Restore&) = delete;

    /// What the backup takes the place of: at rest, so that nothing of it is missed.
    struct Replaced {
        log::Head head;
        const World& world;
        const vault::Vault& vault;
    };
    /// Brings the restored cell forward and decides: when this returns a value (its epoch), the next start is
    /// the restored cell's. `who` is whose change it is in the restored log. Rejection: backup_unwritable, or
    /// a rule's.
    [[nodiscard]] Result<Epoch> commit(const Replaced& replaced, ChangeInfo who);

  private:
    Restore(std::filesystem::path data, std::filesystem::path draft);
    [[nodiscard]] Result<void> read_log();
    [[nodiscard]] Result<void> bring_forward(const Replaced& replaced, ChangeInfo who);
    [[nodiscard]] Result<void> decide();

    std::filesystem::path data_, draft_;
    std::unique_ptr<vault::Vault> vault_;
    std::unique_ptr<log::SqliteStore> log_;
    World world_;
    bool decided_ = false;
};

/// At the start, before anything is opened: ends a restore that was decided, forgets one that was not. The
/// caller holds the folder's lock. Throws std::filesystem::filesystem_error; it may then be called again.
void finish_restore(const std::filesystem::path& data);

}  // namespace pic::daemon
