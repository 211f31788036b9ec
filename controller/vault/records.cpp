#include "controller/vault/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace pic::vault {

namespace {

using sqlite::Database;
using sqlite::Rewind;
using sqlite::Statement;

/// Lower-case segments with slashes between, at least two: nothing in a name ever needs quoting, anywhere.
bool is_secret_name(std::string_view name) {
    if (name.size() > secret_name_limit || name.find('/') == std::string_view::npos) return false;
    if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos) return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
               c == '/';
    });
}

/// Of a row (name, version, at, ...).
Place grave_place(const Statement& row) {
    return tombstone_place(row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.integer(2));
}

}  // namespace

std::string_view leaf_of(std::string_view secret_name) {
    return secret_name.substr(secret_name.rfind('/') + 1);
}

std::unexpected<Rejection> unwritable(const sqlite::Error& error) {
    return reject("vault_unwritable", fmt::format("the vault cannot be written: {}", error.what()));
}

Result<SecretRef> Sealer::put(std::string_view name, const Secret& value) {
    if (!is_secret_name(name)) {
        return reject("secret_name_invalid", fmt::format("\"{}\" is no name for a secret", name));
    }
    if (value.size() > secret_size_limit) {
        return reject("secret_too_large", fmt::format("a secret has at most {} bytes", secret_size_limit));
    }
    const std::string_view subject = subject_of(name);
    if (is_buried(subject)) {
        return reject("subject_destroyed",
                      fmt::format("\"{}\" was destroyed and cannot hold secrets again", subject));
    }
    const auto [id, key] = subject_key(subject);
    const std::uint32_t version = next_version(id, name);
    const Sealed sealed = seal(key, secret_place(subject, leaf_of(name), version), value);
    statements_.insert_secret.bind(1, id).bind(2, leaf_of(name)).bind(3, version).bind(4, sealed).run();
    return SecretRef{std::string(name), version};
}

bool Sealer::is_buried(std::string_view subject) {
    const Rewind rewind(statements_.buried);
    return statements_.buried.bind(1, subject).bind(2, 0).step();
}

Sealer::SubjectKey Sealer::subject_key(std::string_view subject) {
    {
        const Rewind rewind(statements_.find_subject);
        if (statements_.find_subject.bind(1, subject).step()) {
            auto key = unseal(keys_.wrap, subject_place(subject), statements_.find_subject.bytes(1));
            if (!key) throw Damaged(fmt::format("the key of \"{}\" does not open", subject));
            return {statements_.find_subject.integer(0), std::move(*key)};
        }
    }
    Secret key = Secret::random(key_bytes);
    const Sealed wrapped = seal(keys_.wrap, subject_place(subject), key);
    const Rewind rewind(statements_.insert_subject);
    statements_.insert_subject.bind(1, subject).bind(2, wrapped).step();
    return {statements_.insert_subject.integer(0), std::move(key)};
}

std::uint32_t Sealer::next_version(std::int64_t subject, std::string_view name) {
    const Rewind rewind(statements_.next_version);
    statements_.next_version.bind(1, subject).bind(2, leaf_of(name)).bind(3, name).step();
    const std::int64_t version = statements_.next_version.integer(0);
    if (version < 1 || version > std::numeric_limits<std::uint32_t>::max()) {
        throw Damaged(fmt::format("\"{}\" has no next version", name));
    }
    return static_cast<std::uint32_t>(version);
}

Undertaker::Undertaker(const Database& database, const MasterKeys& keys)
    : keys_(keys),
      secrets_(
          database.prepare("DELETE FROM secret WHERE subject = (SELECT id FROM subject WHERE name = ?)")),
      subject_(database.prepare("DELETE FROM subject WHERE name = ?")),
      secret_(database.prepare("DELETE FROM secret WHERE subject = (SELECT id FROM subject WHERE name = ?)"
                               " AND leaf = ? AND version = ?")),
      tombstone_(database.prepare("INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?, ?)")) {}

void Undertaker::bury(const Tombstone& grave) {
    if (grave.version == 0) {
        secrets_.bind(1, grave.name).run();
        subject_.bind(1, grave.name).run();
    } else {
        secret_.bind(1, subject_of(grave.name)).bind(2, leaf_of(grave.name)).bind(3, grave.version).run();
    }
    const Sealed mac = sign_place(keys_.mac, tombstone_place(grave.name, grave.version, grave.at.ms));
    tombstone_.bind(1, grave.name).bind(2, grave.version).bind(3, grave.at.ms).bind(4, mac).run();
}

void rewrap(Database& database, const MasterKeys& from, const MasterKeys& to) {
    Statement select = database.prepare("SELECT id, name, wrapped_key FROM subject");
    Statement update = database.prepare("UPDATE subject SET wrapped_key = ?2 WHERE id = ?1");
    while (select.step()) {
        const Place place = subject_place(select.text(1));
        const auto key = unseal(from.wrap, place, select.bytes(2));
        if (!key) throw Damaged(fmt::format("the key of \"{}\" does not open", select.text(1)));
        const Sealed wrapped = seal(to.wrap, place, *key);
        update.bind(1, select.integer(0)).bind(2, wrapped).run();
    }
    Statement graves = database.prepare("SELECT name, version, at, mac FROM tombstone");
    Statement mark = database.prepare("UPDATE tombstone SET mac = ?3 WHERE name = ?1 AND version = ?2");
    while (graves.step()) {
        const Place place = grave_place(graves);
        // To sign what is not ours would make a forgery good.
        if (!place_is_signed(from.mac, place, graves.bytes(3))) {
            throw Damaged(fmt::format("the tombstone of \"{}\" was altered", graves.text(0)));
        }
        const Sealed mac = sign_place(to.mac, place);
        mark.bind(1, graves.text(0)).bind(2, graves.integer(1)).bind(3, mac).run();
    }
}

std::vector<SecretRef> all_references(const Database& database) {
    std::vector<SecretRef> refs;
    Statement select = database.prepare(
        "SELECT s.name || '/' || x.leaf, x.version FROM secret x JOIN subject s ON s.id = x.subject ORDER BY "
        "1, 2");
    while (select.step())
        refs.push_back({std::string(select.text(0)), static_cast<std::uint32_t>(select.integer(1))});
    return refs;
}

std::vector<Tombstone> all_tombstones(const Database& database) {
    std::vector<Tombstone> found;
    Statement select = database.prepare("SELECT name, version, at FROM tombstone ORDER BY name, version");
    while (select.step()) {
        found.push_back({std::string(select.text(0)), static_cast<std::uint32_t>(select.integer(1)),
                         Timestamp{select.integer(2)}});
    }
    return found;
}

std::vector<std::string> all_faults(const Database& database, const MasterKeys& keys) {
    std::vector<std::string> faults;
    Statement subjects = database.prepare("SELECT id, name, wrapped_key FROM subject ORDER BY name");
    Statement secrets = database.prepare("SELECT leaf, version, sealed FROM secret WHERE subject = ?");
    while (subjects.step()) {
        const std::string_view subject = subjects.text(1);
        const auto key = unseal(keys.wrap, subject_place(subject), subjects.bytes(2));
        if (!key) {
            faults.push_back(fmt::format("the key of \"{}\" does not open", subject));
            continue;
        }
        const Rewind rewind(secrets);
        secrets.bind(1, subjects.integer(0));
        while (secrets.step()) {
            const auto version = static_cast<std::uint64_t>(secrets.integer(1));
            if (unseal(*key, secret_place(subject, secrets.text(0), version), secrets.bytes(2))) continue;
            faults.push_back(
                fmt::format("the secret \"{}/{}@{}\" does not open", subject, secrets.text(0), version));
        }
    }
    Statement lost = database.prepare(
        "SELECT leaf, version FROM secret WHERE subject NOT IN (SELECT id FROM subject) ORDER BY leaf, "
        "version");
    while (lost.step())
        faults.push_back(fmt::format("a secret \"{}@{}\" has no subject", lost.text(0), lost.integer(1)));
    Statement graves =
        database.prepare("SELECT name, version, at, mac FROM tombstone ORDER BY name, version");
    while (graves.step()) {
        if (place_is_signed(keys.mac, grave_place(graves), graves.bytes(3))) continue;
        faults.push_back(
            fmt::format("the tombstone of \"{}@{}\" was altered", graves.text(0), graves.integer(1)));
    }
    return faults;
}

}  // namespace pic::vault
