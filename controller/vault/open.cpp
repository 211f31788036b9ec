// Opening: everything that can be wrong with a vault is found and named here, before anything is written.
#include <fmt/format.h>
#include <sys/stat.h>

#include <system_error>
#include <utility>

#include "controller/vault/vault_state.hpp"

namespace pic::vault {

namespace {

using sqlite::Database;
using sqlite::Statement;

Sealed copy(sqlite::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// Nothing wrong: nothing.
std::optional<OpenError> check_format(const Database& database, const std::filesystem::path& file) {
    if (database.query_integer("PRAGMA application_id") != application_id) {
        return OpenError{OpenCode::damaged, fmt::format("{} is no vault", file.string())};
    }
    if (const std::int64_t version = database.query_integer("PRAGMA user_version");
        version != format_version) {
        return OpenError{version > format_version ? OpenCode::newer_version : OpenCode::damaged,
                         fmt::format("{} has format {}, this program knows up to {}: use a newer one",
                                     file.string(), version, format_version)};
    }
    if (const std::string result = database.query_text("PRAGMA quick_check(1)"); result != "ok") {
        return OpenError{OpenCode::damaged, fmt::format("{} is damaged: {}", file.string(), result)};
    }
    // A vault from elsewhere may have come with triggers and views; ours has none, and no table but these.
    Statement schema = database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    for (const char* table : tables) {
        if (!schema.step() || schema.text(0) != table) {
            return OpenError{OpenCode::damaged,
                             fmt::format("{} does not have a vault's tables", file.string())};
        }
    }
    if (schema.step()) {
        return OpenError{OpenCode::damaged, fmt::format("{} has tables that no vault has", file.string())};
    }
    return std::nullopt;
}

std::optional<Header> read_header(const Database& database) {
    Statement select =
        database.prepare("SELECT salt, passes, memory, wrapped_master, key_check FROM header WHERE one = 1");
    if (!select.step()) return std::nullopt;
    Header header{.lock = std::nullopt, .key_check = copy(select.bytes(4))};
    if (!select.is_null(0) || !select.is_null(1) || !select.is_null(2) || !select.is_null(3)) {
        const KdfCost cost{.passes = static_cast<std::uint64_t>(select.integer(1)),
                           .memory = static_cast<std::uint64_t>(select.integer(2))};
        header.lock = PassphraseLock{
            .salt = copy(select.bytes(0)), .cost = cost, .wrapped_master = copy(select.bytes(3))};
    }
    return header;
}

std::expected<Secret, OpenError> unlock(const Header& header, const OpenOptions& options) {
    if (!header.lock) {
        if (!options.passphrase) return master_from_file(options.key_file, header);
        return refuse(OpenCode::passphrase_wrong,
                      "this vault is opened by its key file, not by a passphrase");
    }
    if (!options.passphrase) {
        return refuse(OpenCode::passphrase_missing,
                      "this vault is opened by a passphrase, and none was given");
    }
    auto master = unwrap_master(*header.lock, *options.passphrase);
    if (master && !belongs_to(*master, header))
        return refuse(OpenCode::damaged, "the vault's header was altered");
    return master;
}

std::expected<Secret, OpenError> open_existing(const OpenOptions& options) {
    // read_write: a journal that a crash left is replayed first, and a read-only connection could not.
    const Database database(options.database, Database::Mode::read_write);
    if (auto error = check_format(database, options.database)) return std::unexpected(std::move(*error));
    const std::optional<Header> header = read_header(database);
    if (!header) return refuse(OpenCode::damaged, fmt::format("{} has no header", options.database.string()));
    return unlock(*header, options);
}

std::expected<Secret, OpenError> create(const OpenOptions& options) {
    std::optional<Opened> fresh;
    if (options.passphrase) {
        fresh = make_master_key(options.passphrase, options.cost);
        if (!fresh) return refuse(OpenCode::io, "the passphrase needs more memory than there is");
    } else {
        auto master = read_or_make_key_file(options.key_file);
        if (!master) return std::unexpected(std::move(master).error());
        Header header = header_for(*master);
        fresh = Opened{std::move(*master), std::move(header)};
    }
    Database database(options.database, Database::Mode::create);
    sqlite::Transaction transaction(database);
    database.execute(fmt::format("PRAGMA application_id={}", application_id).c_str());
    database.execute(fmt::format("PRAGMA user_version={}", format_version).c_str());
    for (const char* table : tables) database.execute(table);
    write_header(database, fresh->header);
    transaction.commit();
    return std::move(fresh->master);
}

/// A crash while a vault was being made leaves an empty file, or one that its journal makes empty again: no
/// vault yet.
bool exists_with_content(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error || size == 0) return false;
    if (!std::filesystem::exists(file.string() + "-journal", error)) return true;
    const Database database(file, Database::Mode::read_write);
    return database.query_integer("PRAGMA application_id") != 0 ||
           database.query_integer("SELECT count(*) FROM sqlite_schema") != 0;
}

}  // namespace

void write_header(Database& database, const Header& header) {
    database.execute("DELETE FROM header");
    Statement insert = database.prepare("INSERT INTO header VALUES (1, ?, ?, ?, ?, ?)");
    if (header.lock) {
        insert.bind(1, header.lock->salt).bind(2, static_cast<std::int64_t>(header.lock->cost.passes));
        insert.bind(3, static_cast<std::int64_t>(header.lock->cost.memory))
            .bind(4, header.lock->wrapped_master);
    }
    insert.bind(5, header.key_check).run();
}

std::string_view to_string(OpenCode code) {
    switch (code) {
        case OpenCode::master_key_missing:
            return "vault_master_key_missing";
        case OpenCode::master_key_permissions:
            return "vault_master_key_permissions";
        case OpenCode::master_key_wrong:
            return "vault_master_key_wrong";
        case OpenCode::passphrase_missing:
            return "vault_passphrase_missing";
        case OpenCode::passphrase_wrong:
            return "vault_passphrase_wrong";
        case OpenCode::damaged:
            return "vault_damaged";
        case OpenCode::newer_version:
            return "vault_newer_version";
        case OpenCode::io:
            return "vault_io";
    }
    return "vault_io";
}

std::expected<std::unique_ptr<Vault>, OpenError> Vault::open(OpenOptions options) {
    try {
        auto master = exists_with_content(options.database) ? open_existing(options) : create(options);
        if (!master) return std::unexpected(std::move(master).error());
        ::chmod(options.database.c_str(), 0600);  // also where the file came by another way
        auto state = std::make_unique<State>(options, options.passphrase.has_value(), std::move(*master));
        return std::unique_ptr<Vault>(new Vault(std::move(state)));
    } catch (const sqlite::Error& error) {
        return refuse(error.damaged() ? OpenCode::damaged : OpenCode::io,
                      fmt::format("{}: {}", options.database.string(), error.what()));
    }
}

}  // namespace pic::vault
