#include "controller/daemon/restore.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <set>

#include "controller/backup/backup.hpp"
#include "controller/core/chain_key.hpp"
#include "controller/core/history.hpp"
#include "controller/core/rehearsal.hpp"
#include "controller/core/supply.hpp"
#include "controller/daemon/local_agent.hpp"
#include "controller/log/log_file.hpp"
#include "controller/vault/descriptor.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/dispatch.hpp"

namespace pic::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view draft_name = "restore.draft", ready_name = "restore.ready",
                           moving_name = "restore.moving", replaced_name = "replaced";

/// All that is the cell and not the installation: what a backup replaces, journals and caches included.
constexpr std::array<std::string_view, 9> cell_files{"log.db",     "log.db-wal",     "log.db-shm",
                                                     "vault.db",   "vault.db-wal",   "vault.db-shm",
                                                     "master.key", "master.key.new", "snapshots"};

/// An invitation for the local agent belongs to the cell that made it.
constexpr std::string_view agent_token = "agent-token";

void sync_folder(const fs::path& folder) {
    const vault::Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.number()) != 0) {
        throw fs::filesystem_error("cannot sync", folder, std::error_code(errno, std::system_category()));
    }
}

/// Another cell's local agent ran on another machine. This one's is invited as soon as it is missed.
void forget_local_agent(const World& world, std::vector<AnyCommand>& commands) {
    world.get<accounts::Service>().agents.for_each([&](const Uuid& id, const accounts::BusClient& agent) {
        using Remove = accounts::RemoveBusClient;
        if (LocalAgent::is_name(agent.name.text))
            commands.push_back(std::make_unique<CommandOf<Remove>>(Remove{id, agent.kind}));
    });
}

std::unexpected<Rejection> refuse_log(std::string detail) {
    return reject("backup_log_refused", std::move(detail));
}

std::unexpected<Rejection> unwritable(const std::exception& error) {
    return reject("backup_unwritable", error.what());
}

}  // namespace

Restore::Restore(fs::path data, fs::path draft) : data_(std::move(data)), draft_(std::move(draft)) {}

Restore::~Restore() {
    log_.reset();
    vault_.reset();
    std::error_code ignored;
    if (!decided_) fs::remove_all(draft_, ignored);
}

Result<std::unique_ptr<Restore>> Restore::stage(fs::path data, const fs::path& archive,
                                                const vault::Secret& passphrase,
                                                std::optional<vault::Secret> vault_passphrase) {
    const auto draft = data / draft_name;
    auto vault = backup::stage_restore(archive, passphrase, draft, std::move(vault_passphrase));
    if (!vault) return std::unexpected(std::move(vault.error()));
    std::unique_ptr<Restore> restore(new Restore(std::move(data), draft));
    restore->vault_ = std::move(*vault);
    if (auto good = restore->read_log(); !good) return std::unexpected(std::move(good.error()));
    return restore;
}

/// Opened as every log is, walked from end to end, and folded: an event that this program would not have
/// written, or does not understand, is found here and not at the next start.
Result<void> Restore::read_log() try {
    if (!log::log_exists(draft_ / backup::log_member)) return refuse_log("the backup's log is empty");
    log::OpenOptions open;
    open.folder = draft_;
    log_ = std::make_unique<log::SqliteStore>(std::move(open));
    const auto head = log_->head().sequence;
    // The vault came with the log: it knows who may have signed it, and what is added is signed alike.
    const auto key = core::chain_key(*vault_);
    if (!key) return std::unexpected(key.error());
    if (const auto verdict = log_->verify({}, head, key->trusted); !verdict.ok)
        return refuse_log(verdict.detail);
    log_->sign_with(key->signer);
    core::replay(*log_, world_, head);
    if (!world_.get<cell::Service>().cell.claimed)
        return refuse_log("the backup is of a cell that was never set up");
    return {};
} catch (const log::OpenError& error) {
    return reject(error.code == "log_newer_version" ? "backup_newer_version" : "backup_log_refused",
                  error.what());
} catch (const log::ReadError& error) {
    return refuse_log(error.what());
} catch (const BadEvent& error) {
    return refuse_log(error.what());
}

Result<Epoch> Restore::commit(const Replaced& replaced, ChangeInfo who) try {
    if (auto ok = bring_forward(replaced, std::move(who)); !ok) return std::unexpected(std::move(ok.error()));
    const auto epoch = log_->head().epoch;
    if (auto ok = decide(); !ok) return std::unexpected(std::move(ok.error()));
    return epoch;
} catch (const log::WriteError& error) {
    return unwritable(error);
}

/// One change on top of the restored log.
Result<void> Restore::bring_forward(const Replaced& replaced, ChangeInfo who) {
    // Secrets are named alike in every cell, so another one's graves would bury the living.
    const bool same_cell = replaced.head.cell == log_->head().cell;
    if (same_cell) {
        if (auto ok = vault_->merge_tombstones(replaced.vault.tombstones()); !ok) return ok;
    }
    const auto epoch = log_->raise_epoch(same_cell ? replaced.head.epoch.next() : Epoch{}, who.at);
    const auto kept = vault_->references();
    const std::set<SecretRef> secrets(kept.begin(), kept.end());
    auto commands = pic::bring_forward(world_, same_cell ? &replaced.world : nullptr,
                                       [&](const SecretRef& ref) { return secrets.contains(ref); });
    if (!same_cell) forget_local_agent(world_, commands);
    commands.insert(commands.begin(),
                    std::make_unique<CommandOf<cell::NoteBackupRestored>>(cell::NoteBackupRestored{epoch}));
    core::VaultSupply supply(*vault_);
    try {
        for (auto& command : commands) command->prepare(supply);
    } catch (const core::SupplyError& error) {
        return std::unexpected(error.rejection);
    }
    if (auto ok = vault_->commit_staged(); !ok) return ok;
    auto batch = log_->begin();
    Evolver evolver;
    const auto made = core::rehearse(world_, evolver, commands, who.at,
                                     [&](std::string_view stream) { return batch->stream_version(stream); });
    if (!made) return std::unexpected(made.error());
    batch->append(who, made->events);
    batch->commit();
    return {};
}

/// The files are closed, and so have no journals any more; then one rename.
Result<void> Restore::decide() try {
    log_.reset();
    vault_.reset();
    fs::remove_all(data_ / replaced_name);
    fs::remove(draft_ / "log.lock");
    sync_folder(draft_);
    fs::rename(draft_, data_ / ready_name);
    decided_ = true;
    sync_folder(data_);
    return {};
} catch (const fs::filesystem_error& error) {
    if (decided_) return {};  // the name is there, and at worst the old cell comes back after a power loss
    return unwritable(error);
}

void finish_restore(const fs::path& data) {
    const auto ready = data / ready_name, moving = data / moving_name, replaced = data / replaced_name;
    fs::remove_all(data / draft_name);
    if (fs::exists(ready)) {
        fs::create_directory(replaced);
        for (const auto name : cell_files) {
            if (fs::exists(data / name)) fs::rename(data / name, replaced / name);
        }
        fs::remove(data / agent_token);
        sync_folder(replaced);
        sync_folder(data);
        fs::rename(ready, moving);
        sync_folder(data);
    }
    if (!fs::exists(moving)) return;
    for (const auto& file : fs::directory_iterator(moving))
        fs::rename(file.path(), data / file.path().filename());
    sync_folder(data);
    fs::remove_all(moving);
}

}  // namespace pic::daemon
