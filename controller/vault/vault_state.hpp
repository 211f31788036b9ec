// Inside the vault: its tables, its connections, its statements. Included by the vault's own sources only.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "controller/sqlite/database.hpp"
#include "controller/vault/master_key.hpp"
#include "controller/vault/vault.hpp"

namespace pic::vault {

inline constexpr std::int64_t application_id = 0x50494356;  // "PICV", see sqlite.org/src/file/magic.txt
inline constexpr std::int64_t format_version = 1;

/// As SQLite keeps them in sqlite_schema, to the letter: open() compares.
inline constexpr const char* tables[] = {
    "CREATE TABLE header(one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB, passes INTEGER, memory INTEGER,"
    " wrapped_master BLOB, key_check BLOB NOT NULL) STRICT",
    "CREATE TABLE subject(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, wrapped_key BLOB NOT NULL) "
    "STRICT",
    "CREATE TABLE secret(subject INTEGER NOT NULL REFERENCES subject(id), leaf TEXT NOT NULL,"
    " version INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(subject, leaf, version)) STRICT, WITHOUT "
    "ROWID",
    "CREATE TABLE tombstone(name TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, mac BLOB NOT "
    "NULL,"
    " PRIMARY KEY(name, version)) STRICT, WITHOUT ROWID",
};

struct ReadStatements {
    explicit ReadStatements(const sqlite::Database& database);
    sqlite::Statement find;    ///< (subject, leaf, version) -> wrapped key, sealed
    sqlite::Statement newest;  ///< (subject, leaf) -> version
};

struct WriteStatements {
    explicit WriteStatements(const sqlite::Database& database);
    sqlite::Statement find_subject;    ///< name -> id, wrapped key
    sqlite::Statement insert_subject;  ///< name, wrapped key -> id
    sqlite::Statement buried;          ///< name, version -> 1
    sqlite::Statement next_version;    ///< subject id, leaf, full name -> version
    sqlite::Statement insert_secret;   ///< subject id, leaf, version, sealed
};

/// Secrets that have a reference already but no commit yet. Their transaction stays open from the first
/// stage() to the commit; if it fails they are put again, with the same versions, into the next one.
struct Staging {
    struct Secret {
        SecretRef ref;
        vault::Secret value;
    };
    std::vector<Secret> secrets;
    bool in_transaction = false;    ///< they are in the open one
    std::atomic<bool> any = false;  ///< whether there are any, to be asked without the mutex
};

struct Vault::State {
    State(const OpenOptions& options, bool has_passphrase, Secret master);

    std::filesystem::path database_file;
    std::filesystem::path key_file;
    bool by_passphrase;
    MasterKeys keys;  ///< changed with both mutexes held; else either protects it

    std::mutex write_mutex;  ///< taken before read_mutex
    sqlite::Database write;
    WriteStatements writing;

    std::mutex read_mutex;
    sqlite::Database read;
    ReadStatements reading;

    Staging staging;  ///< under write_mutex
    /// The open transaction, with everything staged in it.
    void open_staging();
    /// Ends it, one way or the other. Every other write settles first.
    [[nodiscard]] Result<void> settle();
    void roll_back_staging() noexcept;

    /// Cuts the journal, so that what was deleted (and zeroed in the file) is in neither.
    void scrub();
};

[[nodiscard]] inline Place subject_place(std::string_view subject) {
    return Place("pic vault subject 1").add(subject);
}
[[nodiscard]] inline Place secret_place(std::string_view subject, std::string_view leaf,
                                        std::uint64_t version) {
    return Place("pic vault secret 1").add(subject).add(leaf).add(version);
}
[[nodiscard]] inline Place tombstone_place(std::string_view name, std::uint64_t version, std::int64_t at) {
    return Place("pic vault tombstone 1").add(name).add(version).add(static_cast<std::uint64_t>(at));
}

void write_header(sqlite::Database& database, const Header& header);

}  // namespace pic::vault
