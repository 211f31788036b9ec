#pragma once

#include "controller/sqlite/database.hpp"
#include "controller/vault/vault.hpp"
#include "support/temp_folder.hpp"

namespace pic::test {

/// A data folder with a vault in it, opened again as often as a test likes.
struct VaultFolder {
    TempFolder folder;
    std::filesystem::path database = folder / "vault.db";
    std::filesystem::path key_file = folder / "master.key";

    [[nodiscard]] std::expected<std::unique_ptr<vault::Vault>, vault::OpenError> try_open() const {
        return vault::Vault::open({.database = database, .key_file = key_file});
    }
    [[nodiscard]] std::expected<std::unique_ptr<vault::Vault>, vault::OpenError> try_open_with(
        std::string_view passphrase) const {
        return vault::Vault::open({.database = database,
                                   .key_file = key_file,
                                   .passphrase = vault::Secret::copy_of(passphrase),
                                   .cost = cheap});
    }
    [[nodiscard]] std::unique_ptr<vault::Vault> open() const { return std::move(try_open()).value(); }

    /// Runs SQL on the closed vault, as someone with an editor would: constraints do not stop it.
    void tamper(const char* sql) const {
        sqlite::Database raw(database, sqlite::Database::Mode::read_write);
        raw.execute("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON");
        raw.execute(sql);
    }

    static constexpr vault::KdfCost cheap{.passes = 1, .memory = 8192};
};

inline vault::Secret secret(std::string_view text) { return vault::Secret::copy_of(text); }

inline constexpr Timestamp some_time{1'790'000'000'000};

}  // namespace pic::test
