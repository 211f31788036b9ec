#include "controller/vault/vault.hpp"

#include <fmt/format.h>

#include <utility>

#include "controller/vault/private_file.hpp"
#include "controller/vault/records.hpp"

namespace pic::vault {

namespace {

using sqlite::Database;
using sqlite::Rewind;
using sqlite::Statement;
using sqlite::Transaction;

/// Runs `write` in one transaction, after what was staged. A disk that is full or failing is an answer,
/// anything else is thrown on. The caller holds the write mutex.
template <class State, class Write>
auto committed(State& state, Write&& write) -> decltype(write()) {
    if (auto settled = state.settle(); !settled) return std::unexpected(std::move(settled).error());
    try {
        Transaction transaction(state.write);
        auto result = write();
        if (result) transaction.commit();
        return result;
    } catch (const sqlite::Error& error) {
        if (!error.unwritable()) throw;
        return unwritable(error);
    }
}

Database opened(const std::filesystem::path& file, const char* pragmas) {
    Database database(file, Database::Mode::read_write);
    database.execute(pragmas);
    if (database.query_text("PRAGMA journal_mode") != "wal")
        throw sqlite::Error(0, "the vault needs SQLite's WAL mode");
    return database;
}

}  // namespace

std::string_view subject_of(std::string_view secret_name) {
    const auto slash = secret_name.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : secret_name.substr(0, slash);
}

ReadStatements::ReadStatements(const Database& database)
    : find(database.prepare("SELECT s.wrapped_key, x.sealed FROM subject s JOIN secret x ON x.subject = s.id"
                            " WHERE s.name = ? AND x.leaf = ? AND x.version = ?")),
      newest(database.prepare("SELECT max(x.version) FROM subject s JOIN secret x ON x.subject = s.id"
                              " WHERE s.name = ? AND x.leaf = ?")) {}

WriteStatements::WriteStatements(const Database& database)
    : find_subject(database.prepare("SELECT id, wrapped_key FROM subject WHERE name = ?")),
      insert_subject(database.prepare("INSERT INTO subject(name, wrapped_key) VALUES (?, ?) RETURNING id")),
      buried(database.prepare("SELECT 1 FROM tombstone WHERE name = ? AND version = ?")),
      next_version(database.prepare(
          "SELECT 1 + max(coalesce((SELECT max(version) FROM secret WHERE subject = ?1 AND leaf = ?2), 0),"
          " coalesce((SELECT max(version) FROM tombstone WHERE name = ?3), 0))")),
      insert_secret(database.prepare("INSERT INTO secret VALUES (?, ?, ?, ?)")) {}

Vault::State::State(const OpenOptions& options, bool has_passphrase, Secret master)
    : database_file(options.database),
      key_file(options.key_file),
      by_passphrase(has_passphrase),
      keys(derive_keys(master)),
      write(opened(options.database,
                   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON")),
      writing(write),
      read(opened(options.database, "PRAGMA query_only=ON")),
      reading(read) {}

void Vault::State::scrub() {
    const std::lock_guard lock(read_mutex);
    // Busy only while a backup copies; then the next scrub or the last close empties the journal.
    (void)write.query_integer("PRAGMA wal_checkpoint(TRUNCATE)");
}

Vault::Vault(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vault::~Vault() = default;

Result<SecretRef> Vault::put(std::string_view name, const Secret& value) {
    const std::lock_guard lock(state_->write_mutex);
    return committed(*state_, [&] { return Sealer(state_->writing, state_->keys).put(name, value); });
}

Result<std::vector<SecretRef>> Vault::put_many(std::span<const NewSecret> secrets) {
    if (secrets.size() > put_many_limit) {
        return reject("secret_too_large", fmt::format("at most {} secrets at once", put_many_limit));
    }
    const std::lock_guard lock(state_->write_mutex);
    return committed(*state_, [&]() -> Result<std::vector<SecretRef>> {
        std::vector<SecretRef> refs;
        refs.reserve(secrets.size());
        Sealer sealer(state_->writing, state_->keys);
        for (const NewSecret& secret : secrets) {
            auto ref = sealer.put(secret.name, secret.value);
            if (!ref) return std::unexpected(std::move(ref).error());
            refs.push_back(std::move(*ref));
        }
        return refs;
    });
}

std::optional<Secret> Vault::get(const SecretRef& ref) const {
    const std::string_view subject = subject_of(ref.name);
    const std::string_view leaf = leaf_of(ref.name);
    const std::lock_guard lock(state_->read_mutex);
    Statement& find = state_->reading.find;
    const Rewind rewind(find);
    if (!find.bind(1, subject).bind(2, leaf).bind(3, ref.version).step()) return std::nullopt;
    const auto key = unseal(state_->keys.wrap, subject_place(subject), find.bytes(0));
    if (!key) throw Damaged(fmt::format("the key of \"{}\" does not open", subject));
    auto value = unseal(*key, secret_place(subject, leaf, ref.version), find.bytes(1));
    if (!value) throw Damaged(fmt::format("the secret \"{}@{}\" does not open", ref.name, ref.version));
    return value;
}

std::optional<SecretRef> Vault::newest(std::string_view name) const {
    const std::lock_guard lock(state_->read_mutex);
    Statement& newest = state_->reading.newest;
    const Rewind rewind(newest);
    if (!newest.bind(1, subject_of(name)).bind(2, leaf_of(name)).step() || newest.is_null(0))
        return std::nullopt;
    return SecretRef{std::string(name), static_cast<std::uint32_t>(newest.integer(0))};
}

Result<void> Vault::destroy_subject(std::string_view subject, Timestamp now) {
    const std::string one(subject);
    return destroy_subjects(std::span(&one, 1), now);
}

Result<void> Vault::destroy_subjects(std::span<const std::string> subjects, Timestamp now) {
    std::vector<Tombstone> graves;
    for (const std::string& subject : subjects) graves.push_back({subject, 0, now});
    return merge_tombstones(graves);
}

Result<void> Vault::drop(std::span<const SecretRef> refs, Timestamp now) {
    std::vector<Tombstone> graves;
    for (const SecretRef& ref : refs) graves.push_back({ref.name, ref.version, now});
    return merge_tombstones(graves);
}

Result<void> Vault::merge_tombstones(std::span<const Tombstone> graves) {
    if (graves.empty()) return {};
    const std::lock_guard lock(state_->write_mutex);
    auto result = committed(*state_, [&]() -> Result<void> {
        Undertaker undertaker(state_->write, state_->keys);
        for (const Tombstone& grave : graves) undertaker.bury(grave);
        return {};
    });
    if (result) state_->scrub();
    return result;
}

Result<std::vector<SecretRef>> Vault::collect_orphans(
    const std::function<bool(const SecretRef&)>& is_referenced) {
    const std::lock_guard lock(state_->write_mutex);
    auto collected = committed(*state_, [&]() -> Result<std::vector<SecretRef>> {
        std::vector<SecretRef> orphans = all_references(state_->write);
        std::erase_if(orphans, is_referenced);
        Statement remove = state_->write.prepare(
            "DELETE FROM secret WHERE subject = (SELECT id FROM subject WHERE name = ?) AND leaf = ? AND "
            "version = ?");
        for (const SecretRef& ref : orphans) {
            remove.bind(1, subject_of(ref.name)).bind(2, leaf_of(ref.name)).bind(3, ref.version).run();
        }
        state_->write.execute("DELETE FROM subject WHERE id NOT IN (SELECT subject FROM secret)");
        return orphans;
    });
    if (collected && !collected->empty()) state_->scrub();
    return collected;
}

std::vector<std::string> Vault::subjects() const {
    const std::lock_guard lock(state_->read_mutex);
    std::vector<std::string> names;
    Statement select = state_->read.prepare("SELECT name FROM subject ORDER BY name");
    while (select.step()) names.emplace_back(select.text(0));
    return names;
}

std::vector<SecretRef> Vault::references() const {
    const std::lock_guard lock(state_->read_mutex);
    return all_references(state_->read);
}

std::vector<Tombstone> Vault::tombstones() const {
    const std::lock_guard lock(state_->read_mutex);
    return all_tombstones(state_->read);
}

Result<void> Vault::change_master_key(std::optional<Secret> passphrase, KdfCost cost) {
    const std::optional<Opened> next = make_master_key(passphrase, cost);
    if (!next) return reject("vault_unwritable", "the passphrase needs more memory than there is");
    const std::scoped_lock lock(state_->write_mutex, state_->read_mutex);
    const auto fail = [](const FileError& error) { return reject("vault_unwritable", error.detail); };

    // The new key is on the disk before the vault hangs on it; open() finds it whichever side of COMMIT a
    // crash falls.
    if (!passphrase) {
        auto written = write_private_file(next_key_file(state_->key_file), next->master, IfExists::replace);
        if (!written) return fail(written.error());
    }
    MasterKeys keys = derive_keys(next->master);
    auto changed = committed(*state_, [&]() -> Result<void> {
        rewrap(state_->write, state_->keys, keys);
        write_header(state_->write, next->header);
        return {};
    });
    if (!changed) return changed;
    state_->keys = std::move(keys);
    state_->by_passphrase = passphrase.has_value();
    (void)state_->write.query_integer("PRAGMA wal_checkpoint(TRUNCATE)");

    auto placed = passphrase ? remove_private_file(state_->key_file)
                             : write_private_file(state_->key_file, next->master, IfExists::replace);
    if (placed && !passphrase) placed = remove_private_file(next_key_file(state_->key_file));
    if (!placed) return fail(placed.error());
    return {};
}

std::vector<std::string> Vault::verify() const {
    const std::lock_guard lock(state_->read_mutex);
    return all_faults(state_->read, state_->keys);
}

void Vault::copy_to(const std::filesystem::path& file) const {
    // A connection of its own, so that neither reads nor writes wait for the copy.
    const Database source(state_->database_file, Database::Mode::read_only);
    source.copy_to(file);
}

std::optional<Secret> Vault::copy_with_key(const std::filesystem::path& file) const {
    const std::lock_guard lock(state_->write_mutex);  // so that the key does not change in between
    copy_to(file);
    if (state_->by_passphrase) return std::nullopt;
    auto master = read_private_file(state_->key_file);
    if (!master) throw Damaged(master.error().detail);
    return std::move(*master);
}

std::optional<std::filesystem::path> Vault::key_file() const {
    const std::lock_guard lock(state_->read_mutex);
    if (state_->by_passphrase) return std::nullopt;
    return state_->key_file;
}

}  // namespace pic::vault
