#include "controller/backup/backup.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "controller/sqlite/database.hpp"

namespace pic::backup {

using vault::Secret;
using vault::Vault;

namespace {

/// A folder and what is in it, removed when the scope ends unless kept.
class WorkFolder {
  public:
    explicit WorkFolder(std::filesystem::path path) : path_(std::move(path)) {}
    ~WorkFolder() {
        std::error_code ignored;
        if (!kept_) std::filesystem::remove_all(path_, ignored);
    }
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    void keep() { kept_ = true; }

  private:
    std::filesystem::path path_;
    bool kept_ = false;
};

std::unexpected<Rejection> refuse_vault(std::string detail) {
    return reject("backup_vault_refused", std::move(detail));
}

/// Exactly the members of a cell's backup.
Result<void> check_members(const Manifest& manifest) {
    for (const MemberInfo& member : manifest.members) {
        if (member.name != log_member && member.name != vault_member && member.name != key_member) {
            return reject("backup_member_invalid",
                          fmt::format("a backup of a cell holds no {}", member.name));
        }
    }
    for (const char* needed : {log_member, vault_member}) {
        if (std::ranges::find(manifest.members, needed, &MemberInfo::name) == manifest.members.end()) {
            return reject("backup_member_invalid", fmt::format("the backup lacks {}", needed));
        }
    }
    return {};
}

Result<std::unique_ptr<Vault>> open_vault(const std::filesystem::path& staging,
                                          std::optional<Secret> passphrase) {
    auto vault = Vault::open({.database = staging / vault_member,
                              .key_file = staging / key_member,
                              .passphrase = std::move(passphrase)});
    if (!vault) return refuse_vault(vault.error().detail);
    if (const auto faults = (*vault)->verify(); !faults.empty()) return refuse_vault(faults.front());
    return std::move(*vault);
}

}  // namespace

Result<Manifest> create_backup(const BackupSources& sources, const std::filesystem::path& archive,
                               const Secret& passphrase, vault::KdfCost cost, Keep keep) {
    const std::filesystem::path& folder = sources.work_folder;
    if (::mkdir(folder.c_str(), 0700) != 0) {
        return reject("backup_unwritable",
                      fmt::format("cannot create {}: {}", folder.string(), std::strerror(errno)));
    }
    const WorkFolder cleanup(folder);
    try {
        auto log = sources.log(folder / log_member);
        if (!log) return std::unexpected(std::move(log.error()));
        auto master = sources.vault.copy_with_key(folder / vault_member);
        std::vector<Member> members;
        members.push_back({log_member, *std::move(log)});
        members.push_back({vault_member, folder / vault_member});
        if (master) members.push_back({key_member, std::move(*master)});
        return write_archive(archive, passphrase, members, cost, keep);
    } catch (const sqlite::Error& error) {
        if (!error.unwritable()) throw;
        return reject("backup_unwritable", error.what());
    }
}

Result<std::unique_ptr<Vault>> stage_restore(const std::filesystem::path& archive, const Secret& passphrase,
                                             const std::filesystem::path& staging,
                                             std::optional<Secret> vault_passphrase) {
    const auto manifest = read_archive(archive, passphrase, staging);
    if (!manifest) return std::unexpected(manifest.error());
    WorkFolder folder(staging);
    if (const auto good = check_members(*manifest); !good) return std::unexpected(good.error());
    auto vault = open_vault(staging, std::move(vault_passphrase));
    if (vault) folder.keep();
    return vault;
}

}  // namespace pic::backup
