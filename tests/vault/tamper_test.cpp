// Every column of every row, altered: nothing but the secret as it was put ever comes out.
#include <algorithm>
#include <catch2/catch.hpp>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::secret;
using test::some_time;
using test::VaultFolder;

namespace {

const std::vector<std::pair<SecretRef, std::string>> contents = {{{"peer/1/preshared", 1}, "alpha"},
                                                                 {{"peer/1/private_key", 1}, "beta"},
                                                                 {{"peer/1/private_key", 2}, "gamma"},
                                                                 {{"peer/2/private_key", 1}, "delta"},
                                                                 {{"wireguard/private_key", 1}, "epsilon"}};

struct VaultOfContents : VaultFolder {
    VaultOfContents() {
        const auto vault = open();
        for (const auto& [ref, text] : contents) REQUIRE(vault->put(ref.name, secret(text)) == ref);
        REQUIRE(vault->destroy_subject("peer/3", some_time).has_value());
    }
};

/// Right, absent or Damaged; a wrong value fails the test. How many were not right.
int check_contents(const Vault& vault) {
    int refused = 0;
    std::vector<SecretRef> asked = vault.references();
    for (const auto& [ref, text] : contents) asked.push_back(ref);
    for (const SecretRef& ref : asked) {
        const auto known = std::ranges::find(contents, ref, [](const auto& pair) { return pair.first; });
        try {
            const auto value = vault.get(ref);
            if (!value) {
                ++refused;
                continue;
            }
            REQUIRE(known != contents.end());
            REQUIRE(value->equals(known->second));
        } catch (const Damaged&) {
            ++refused;
        }
    }
    return refused;
}

struct Alteration {
    std::string sql;
    std::vector<unsigned char> blob;  ///< the statement's parameter, where it has one
};

struct Table {
    std::string name;
    std::string key;  ///< an expression that tells its rows apart
    std::vector<std::string> integers, texts, blobs;
};

const std::vector<Table> tables = {
    {"header", "one", {"one"}, {}, {"key_check"}},
    {"subject", "name", {"id"}, {"name"}, {"wrapped_key"}},
    {"secret", "subject || '|' || leaf || '|' || version", {"subject", "version"}, {"leaf"}, {"sealed"}},
    {"tombstone", "name || '|' || version", {"version", "at"}, {"name"}, {"mac"}},
};

std::vector<Alteration> alterations_of_row(const sqlite::Database& raw, const Table& table,
                                           std::string_view key) {
    const std::string where = " WHERE " + table.key + " = '" + std::string(key) + "'";
    const std::string update = "UPDATE " + table.name + " SET ";
    std::vector<Alteration> all;
    for (const auto& column : table.integers)
        all.push_back({update + column + " = " + column + " + 1" + where, {}});
    for (const auto& column : table.texts)
        all.push_back({update + column + " = " + column + " || 'x'" + where, {}});
    for (const auto& column : table.blobs) {
        sqlite::Statement select = raw.prepare("SELECT " + column + " FROM " + table.name + where);
        REQUIRE(select.step());
        std::vector<unsigned char> blob(select.bytes(0).begin(), select.bytes(0).end());
        for (unsigned char& byte : blob) {
            byte ^= 0x10;
            all.push_back({update + column + " = ?" + where, blob});
            byte ^= 0x10;
        }
        blob.pop_back();
        all.push_back({update + column + " = ?" + where, blob});
        all.push_back({update + column + " = ?" + where, {}});
    }
    return all;
}

/// Each column of each row, blobs byte by byte.
std::vector<Alteration> alterations(const VaultFolder& folder) {
    const sqlite::Database raw(folder.database, sqlite::Database::Mode::read_write);
    std::vector<Alteration> all;
    for (const Table& table : tables) {
        sqlite::Statement rows = raw.prepare("SELECT " + table.key + " FROM " + table.name);
        while (rows.step())
            std::ranges::move(alterations_of_row(raw, table, rows.text(0)), std::back_inserter(all));
    }
    return all;
}

/// False: the alteration ran into a key that exists, so there is nothing to test.
bool apply(const VaultFolder& folder, const Alteration& alteration) {
    sqlite::Database raw(folder.database, sqlite::Database::Mode::read_write);
    raw.execute("PRAGMA foreign_keys=OFF; PRAGMA ignore_check_constraints=ON");
    sqlite::Statement update = raw.prepare(alteration.sql);
    if (alteration.sql.find('?') != std::string::npos) update.bind(1, alteration.blob);
    try {
        update.run();
    } catch (const sqlite::Error&) {
        return false;
    }
    return raw.changes() == 1;
}

}  // namespace

TEST_CASE("the untouched vault gives everything") {
    const VaultOfContents folder;
    const auto vault = folder.open();
    CHECK(check_contents(*vault) == 0);
    CHECK(vault->verify().empty());
}

TEST_CASE("whatever is altered in the vault is refused") {
    const VaultOfContents folder;
    const std::string pristine = test::read_bytes(folder.database);
    int tried = 0;
    for (const Alteration& alteration : alterations(folder)) {
        test::write_bytes(folder.database, pristine);
        if (!apply(folder, alteration)) continue;
        ++tried;
        INFO(alteration.sql);
        const auto vault = folder.try_open();
        if (!vault) continue;  // the header
        CHECK((check_contents(**vault) > 0 || !(*vault)->verify().empty()));
        CHECK_FALSE((*vault)->verify().empty());
    }
    CHECK(tried > 500);
}

TEST_CASE("sealed values cannot change places") {
    const VaultOfContents folder;
    SECTION("between secrets of one subject") {
        folder.tamper(
            "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE leaf = 'preshared')"
            " WHERE leaf = 'private_key'");
    }
    SECTION("between versions") {
        folder.tamper(
            "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE version = 2)"
            " WHERE leaf = 'private_key' AND version = 1");
    }
    SECTION("between subjects, keys included") {
        folder.tamper(
            "UPDATE subject SET name = 'x' WHERE name = 'peer/1';"
            "UPDATE subject SET name = 'peer/1' WHERE name = 'peer/2';"
            "UPDATE subject SET name = 'peer/2' WHERE name = 'x'");
    }
    const auto vault = folder.open();
    CHECK(check_contents(*vault) > 0);
    CHECK_FALSE(vault->verify().empty());
}

TEST_CASE("a damaged subject key is not written over") {
    const VaultOfContents folder;
    folder.tamper("UPDATE subject SET wrapped_key = zeroblob(72) WHERE name = 'peer/1'");
    const auto vault = folder.open();
    CHECK_THROWS_AS(vault->put("peer/1/private_key", secret("new")), Damaged);
    CHECK(vault->put("peer/2/private_key", secret("new")).has_value());
    CHECK_THROWS_AS(vault->change_master_key(std::nullopt), Damaged);
    CHECK(vault->get({"peer/2/private_key", 1})->equals("delta"));
}
