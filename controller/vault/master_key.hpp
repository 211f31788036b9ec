// The one key that opens the vault, and how it is come by: from a file beside the vault, or unwrapped from
// the vault's header by a key that argon2id derives from a passphrase. In both cases the master key itself is
// 32 random bytes, so a passphrase can change without touching what the key wraps.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "controller/vault/sealing.hpp"
#include "controller/vault/secret.hpp"
#include "controller/vault/vault.hpp"

namespace pic::vault {

/// What the master key is used for, each with a key of its own (crypto_kdf). The master key itself is not
/// kept.
struct MasterKeys {
    Secret wrap;   ///< of subject keys
    Secret mac;    ///< of tombstones
    Secret check;  ///< tells whether this is the right master key
};
[[nodiscard]] MasterKeys derive_keys(const Secret& master);

/// How a passphrase becomes the key that wraps the master key; stored in the vault's header.
[[nodiscard]] inline std::unexpected<OpenError> refuse(OpenCode code, std::string detail) {
    return std::unexpected(OpenError{code, std::move(detail)});
}

struct PassphraseLock {
    Sealed salt;
    KdfCost cost;
    Sealed wrapped_master;
};

/// The single row that says how the vault is opened. Without a lock the master key comes from the key file.
struct Header {
    std::optional<PassphraseLock> lock;
    Sealed key_check;
};

struct Opened {
    Secret master;
    Header header;
};

/// A new master key, wrapped if there is a passphrase. Nothing: the memory that `cost` asks for is not there.
[[nodiscard]] std::optional<Opened> make_master_key(const std::optional<Secret>& passphrase,
                                                    const KdfCost& cost);

/// A header for a master key that exists already, in a key file.
[[nodiscard]] Header header_for(const Secret& master);

[[nodiscard]] bool belongs_to(const Secret& master, const Header& header);

/// passphrase_wrong, damaged (costs that nobody would have chosen) or io (no memory).
[[nodiscard]] std::expected<Secret, OpenError> unwrap_master(const PassphraseLock& lock,
                                                             const Secret& passphrase);

/// For `<data>/master.key`: finds the file that belongs to the header. A change of the master key writes
/// "master.key.new", commits, then renames; this finishes or forgets what a crash in between left.
[[nodiscard]] std::expected<Secret, OpenError> master_from_file(const std::filesystem::path& key_file,
                                                                const Header& header);
[[nodiscard]] std::filesystem::path next_key_file(const std::filesystem::path& key_file);

/// For a new vault: the key file that is there, or a new one.
[[nodiscard]] std::expected<Secret, OpenError> read_or_make_key_file(const std::filesystem::path& key_file);

}  // namespace pic::vault
