// The vault's rows: how a secret is sealed into one, how one is buried, how all come under a new master key.
// Every function here runs within a transaction of the caller's.
#pragma once

#include "controller/vault/vault_state.hpp"

namespace pic::vault {

/// The part after the last slash.
[[nodiscard]] std::string_view leaf_of(std::string_view secret_name);

/// A disk that is full or failing is an answer.
[[nodiscard]] std::unexpected<Rejection> unwritable(const sqlite::Error& error);

class Sealer {
  public:
    Sealer(WriteStatements& statements, const MasterKeys& keys) : statements_(statements), keys_(keys) {}
    Result<SecretRef> put(std::string_view name, const Secret& value);

  private:
    struct SubjectKey {
        std::int64_t id;
        Secret key;
    };
    bool is_buried(std::string_view subject);
    SubjectKey subject_key(std::string_view subject);
    std::uint32_t next_version(std::int64_t subject, std::string_view name);

    WriteStatements& statements_;
    const MasterKeys& keys_;
};

/// Deletes and leaves tombstones.
class Undertaker {
  public:
    Undertaker(const sqlite::Database& database, const MasterKeys& keys);
    void bury(const Tombstone& grave);

  private:
    const MasterKeys& keys_;
    sqlite::Statement secrets_, subject_, secret_, tombstone_;
};

/// Everything that hangs on the master key, under new keys.
void rewrap(sqlite::Database& database, const MasterKeys& from, const MasterKeys& to);

[[nodiscard]] std::vector<SecretRef> all_references(const sqlite::Database& database);
[[nodiscard]] std::vector<Tombstone> all_tombstones(const sqlite::Database& database);
/// A sentence for each row that does not open.
[[nodiscard]] std::vector<std::string> all_faults(const sqlite::Database& database, const MasterKeys& keys);

}  // namespace pic::vault
