// A cell on a disk that fails: the real log and the real vault, and a book of what was acknowledged and what
// was refused.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/core/supply.hpp"
#include "controller/log/sqlite_store.hpp"
#include "support/fault_disk.hpp"
#include "support/temp_folder.hpp"
#include "support/write_path.hpp"

namespace pic::test {

/// The names of peers whose adding was acknowledged, and of those that were refused.
struct Book {
    std::vector<std::string> acknowledged, refused;
};

class FaultyCell {
  public:
    /// Nothing is opened yet. `folder` exists.
    explicit FaultyCell(std::filesystem::path folder) : folder_(std::move(folder)) {}
    ~FaultyCell() { close(); }
    FaultyCell(const FaultyCell&) = delete;
    FaultyCell& operator=(const FaultyCell&) = delete;

    /// Opens log, vault and write path, as a start of the daemon does. False where the disk did not let it.
    /// (A master key is put there where there is none: the vault would wait for the real disk to make one.)
    [[nodiscard]] bool open();
    [[nodiscard]] const std::string& why_not() const { return why_not_; }  ///< what the last open() met
    void close();
    [[nodiscard]] bool is_open() const { return path_.has_value(); }

    /// Sets up the cell where it is not yet. False: refused.
    bool set_up();
    /// Adds peers, all in one batch, each with a private key in the vault and its name as its idempotency
    /// key.
    void add(const std::vector<std::string>& names, Book& book);
    /// The same one alone; its answer.
    Result<core::Answer> add(const std::string& name);

    [[nodiscard]] WritePath& path() { return *path_; }
    [[nodiscard]] log::SqliteStore& store() { return *store_; }
    [[nodiscard]] vault::Vault& vault() { return *vault_; }

    /// Everything that must hold of a cell at any time, on a good disk: the chain verifies, a replay is the
    /// live state, every secret that the state names can be read, the vault has no faults. A sentence for
    /// each thing that does not.
    [[nodiscard]] std::vector<std::string> faults();
    /// What the book says against what is there: all that was acknowledged, each once.
    [[nodiscard]] std::vector<std::string> faults(const Book& book);

  private:
    [[nodiscard]] std::optional<core::Submission> adding(const std::string& name);

    bool refuse(std::string why);

    std::filesystem::path folder_;
    std::string why_not_;
    std::unique_ptr<log::SqliteStore> store_;
    std::unique_ptr<vault::Vault> vault_;
    std::optional<core::VaultSupply> supply_;
    std::optional<WritePath> path_;
};

/// A short life: set-up, batches of one and of several, a close and another start in the middle.
void live(FaultyCell& cell, Book& book);

}  // namespace pic::test
