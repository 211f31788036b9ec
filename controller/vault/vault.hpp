// Where secrets live: a database of its own beside the log, so that the log can be kept, shown and copied for
// ever while a secret can be destroyed. A secret has a name, "<subject>/<leaf>" ("peer/0190.../private_key"),
// and versions; events and artefacts hold SecretRef{name, version} and nothing else.
//
// Each subject has a random key that seals its secrets (XChaCha20-Poly1305, bound to name and version, so
// that rows cannot be swapped); the master key wraps the subject keys. Destroying a subject deletes its key:
// what is sealed under it is noise from then on, whoever finds the rows. A tombstone remains, so that neither
// a late put nor the vault of an old backup brings it back. Changing the master key rewraps subject keys and
// touches no secret.
//
// Vault before log: put secrets first, then append the event that names them. Of an event that never came,
// collect_orphans() removes the secrets at the next start. Destruction comes after the event.
//
// One database for log and secrets was rejected: append-only and destroyable do not share a file. Sealing
// straight under the master key was rejected: destroying one secret would have meant rewriting all others.
//
// Every function may be called from any thread. Reads do not wait for writes.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "controller/vault/secret.hpp"
#include "schema/artefact.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::vault {

inline constexpr std::size_t secret_size_limit = 64 * 1024;  ///< bytes of one secret
inline constexpr std::size_t secret_name_limit = 200;        ///< characters of a name
inline constexpr std::size_t put_many_limit = 100'000;       ///< secrets in one transaction, or staged

/// argon2id (RFC 9106) as libsodium counts it. The defaults are libsodium's "moderate".
struct KdfCost {
    std::uint64_t passes = 3;
    std::uint64_t memory = std::uint64_t{256} << 20;  ///< bytes
};

struct OpenOptions {
    std::filesystem::path database;  ///< "<data>/vault.db", created with mode 0600
    std::filesystem::path
        key_file;  ///< "<data>/master.key", created at the first start unless there is a passphrase
    std::optional<Secret> passphrase = {};  ///< given: it unwraps the master key, and there is no key file
    KdfCost cost = {};                      ///< of a new passphrase; an existing vault remembers its own
};

enum class OpenCode {
    master_key_missing,      ///< there is a vault but no key file
    master_key_permissions,  ///< the key file is open to others, not ours, or no plain file
    master_key_wrong,        ///< the key file does not belong to this vault
    passphrase_missing,      ///< the vault is opened by a passphrase and none was given
    passphrase_wrong,
    damaged,        ///< no vault, or a malformed one
    newer_version,  ///< written by a newer version of this program
    io,             ///< the file system refused
};

/// Why a vault cannot be opened; nothing has been changed. `detail` is a sentence for the person at the
/// console.
struct OpenError {
    OpenCode code;
    std::string detail;
};

/// Stable and snake_case, e.g. "vault_master_key_missing".
[[nodiscard]] std::string_view to_string(OpenCode code);

/// A sealed row does not open: the file was altered or is failing. Broken machinery, hence thrown.
class Damaged : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A secret on its way into the vault.
struct NewSecret {
    std::string name;  ///< "<subject>/<leaf>"
    Secret value;
};

/// What must not come back: a subject (version 0), or one version of one secret.
struct Tombstone {
    std::string name;
    std::uint32_t version = 0;
    Timestamp at;
    friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

/// "peer/0190.../preshared" -> "peer/0190..."
[[nodiscard]] std::string_view subject_of(std::string_view secret_name);

class Vault {
  public:
    /// Opens the vault, or makes one with its key where there is neither.
    [[nodiscard]] static std::expected<std::unique_ptr<Vault>, OpenError> open(OpenOptions options);
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    /// Seals and commits (one fsync). Rejections: secret_name_invalid, secret_too_large, subject_destroyed,
    /// vault_unwritable (disk full or failing). A version is never given twice, not even after it was
    /// dropped.
    [[nodiscard]] Result<SecretRef> put(std::string_view name, const Secret& value);
    /// The same for many, in one transaction and one fsync: all or none. References come in the order of
    /// `secrets`.
    [[nodiscard]] Result<std::vector<SecretRef>> put_many(std::span<const NewSecret> secrets);

    /// As put(), but without the fsync: the secret is on the disk, and can be read, after commit_staged().
    /// For commands that make keys: many stage, and the log's writer commits what they staged once for its
    /// whole batch, just before the log's own commit. What a failed commit_staged() left uncommitted stays
    /// staged, and the next one commits it too: no reference that was handed out is ever committed to the log
    /// without its secret.
    [[nodiscard]] Result<SecretRef> stage(std::string_view name, const Secret& value);
    /// One fsync, or none where nothing is staged. Rejection: vault_unwritable.
    [[nodiscard]] Result<void> commit_staged();

    /// Nothing: it never was, or is destroyed. Throws Damaged.
    [[nodiscard]] std::optional<Secret> get(const SecretRef& ref) const;
    /// The newest version of a name.
    [[nodiscard]] std::optional<SecretRef> newest(std::string_view name) const;

    /// Crypto-shredding: deletes the subjects' keys and secrets, overwrites them in the file and its journal,
    /// leaves tombstones. Destroying what is destroyed, or never was, is no error. Rejection:
    /// vault_unwritable.
    [[nodiscard]] Result<void> destroy_subject(std::string_view subject, Timestamp now);
    [[nodiscard]] Result<void> destroy_subjects(std::span<const std::string> subjects, Timestamp now);
    /// The same for single versions (a private key handed out, an old version after a rotation).
    [[nodiscard]] Result<void> drop(std::span<const SecretRef> refs, Timestamp now);

    /// Removes every secret for which `is_referenced` says no, and the keys of subjects left without one; no
    /// tombstone (no event ever named them). For the start, before commands are taken: a secret just put has
    /// no event yet. Returns what was removed.
    Result<std::vector<SecretRef>> collect_orphans(
        const std::function<bool(const SecretRef&)>& is_referenced);

    [[nodiscard]] std::vector<std::string> subjects() const;
    /// Every reference, by name and version.
    [[nodiscard]] std::vector<SecretRef> references() const;

    [[nodiscard]] std::vector<Tombstone> tombstones() const;
    /// Destroys what others' tombstones name. After an old vault was restored: merge those of the vault it
    /// replaces.
    [[nodiscard]] Result<void> merge_tombstones(std::span<const Tombstone> tombstones);

    /// A new master key in a key file, or wrapped by a new passphrase; rewraps every subject key in one
    /// transaction. Killed in between, the vault opens with the one or the other.
    [[nodiscard]] Result<void> change_master_key(std::optional<Secret> passphrase, KdfCost cost = {});

    /// Unseals everything once; a sentence for each fault found.
    [[nodiscard]] std::vector<std::string> verify() const;

    /// A consistent copy for a backup (sealed as it is); `file` must not exist.
    void copy_to(const std::filesystem::path& file) const;
    /// The same, with the master key that opens the copy, where the vault has a key file. Throws Damaged if
    /// that file cannot be read any more.
    [[nodiscard]] std::optional<Secret> copy_with_key(const std::filesystem::path& file) const;
    /// Where the master key lies; nothing for a vault opened by passphrase, whose wrapped key is in the
    /// database.
    [[nodiscard]] std::optional<std::filesystem::path> key_file() const;

  private:
    struct State;
    explicit Vault(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pic::vault
