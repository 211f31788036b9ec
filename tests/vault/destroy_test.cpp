// What is destroyed stays so: in the files, after a restart, and when an old copy of the vault comes back.
#include <catch2/catch.hpp>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::read_bytes;
using test::secret;
using test::some_time;
using test::VaultFolder;

namespace {

/// Everything the vault has on the disk, journals included.
std::string all_bytes(const VaultFolder& folder) {
    std::string bytes;
    for (const char* name : {"vault.db", "vault.db-wal", "vault.db-shm"})
        bytes += read_bytes(folder.folder / name);
    return bytes;
}

std::string column(const VaultFolder& folder, const char* sql) {
    const sqlite::Database raw(folder.database, sqlite::Database::Mode::read_write);
    sqlite::Statement select = raw.prepare(sql);
    REQUIRE(select.step());
    return {reinterpret_cast<const char*>(select.bytes(0).data()), select.bytes(0).size()};
}

}  // namespace

TEST_CASE("a secret's bytes are never in the vault's files") {
    const VaultFolder folder;
    const std::string canary = "canary-7c1f0a-canary";
    const auto vault = folder.open();
    for (int i = 0; i < 20; ++i) REQUIRE(vault->put("peer/1/private_key", secret(canary)).has_value());
    CHECK(all_bytes(folder).find("private_key") != std::string::npos);
    CHECK(all_bytes(folder).find(canary) == std::string::npos);
    REQUIRE(vault->change_master_key(secret(canary), VaultFolder::cheap).has_value());
    CHECK(all_bytes(folder).find(canary) == std::string::npos);
}

TEST_CASE("a destroyed subject is gone from the files, and no put brings it back") {
    const VaultFolder folder;
    const auto vault = folder.open();
    const auto ref = vault->put("peer/1/private_key", secret("value")).value();
    for (int i = 0; i < 300; ++i) {
        REQUIRE(vault->put("peer/" + std::to_string(i + 2) + "/private_key", secret("other")).has_value());
    }
    const std::string wrapped = column(folder, "SELECT wrapped_key FROM subject WHERE name = 'peer/1'");
    const std::string sealed = column(folder, "SELECT sealed FROM secret WHERE subject = 1");
    REQUIRE(all_bytes(folder).find(wrapped) != std::string::npos);

    REQUIRE(vault->destroy_subject("peer/1", some_time).has_value());
    CHECK(all_bytes(folder).find(wrapped) == std::string::npos);
    CHECK(all_bytes(folder).find(sealed) == std::string::npos);
    CHECK_FALSE(vault->get(ref).has_value());
    CHECK(vault->put("peer/1/private_key", secret("late")).error().code == "subject_destroyed");
    CHECK(vault->put("peer/1/other", secret("late")).error().code == "subject_destroyed");
    CHECK(vault->tombstones() == std::vector<Tombstone>{{"peer/1", 0, some_time}});
    REQUIRE(vault->destroy_subject("peer/1", Timestamp{1}).has_value());
    CHECK(vault->tombstones() == std::vector<Tombstone>{{"peer/1", 0, some_time}});
    CHECK(vault->get({"peer/2/private_key", 1}).has_value());
    CHECK(vault->verify().empty());
}

TEST_CASE("a subject that never was can be destroyed beforehand") {
    const VaultFolder folder;
    {
        const auto vault = folder.open();
        const std::vector<std::string> subjects{"peer/8", "peer/9"};
        REQUIRE(vault->destroy_subjects(subjects, some_time).has_value());
    }
    CHECK(folder.open()->put("peer/9/private_key", secret("x")).error().code == "subject_destroyed");
}

TEST_CASE("a dropped version is gone and its number is not given again") {
    const VaultFolder folder;
    const auto vault = folder.open();
    const auto first = vault->put("wireguard/private_key", secret("first")).value();
    const auto second = vault->put("wireguard/private_key", secret("second")).value();
    REQUIRE(vault->drop(std::vector{second}, some_time).has_value());
    CHECK_FALSE(vault->get(second).has_value());
    CHECK(vault->get(first).has_value());
    CHECK(vault->put("wireguard/private_key", secret("third")).value().version == 3);
    REQUIRE(vault->drop(std::vector{first}, some_time).has_value());
    CHECK(vault->tombstones().size() == 2);
}

TEST_CASE("an old copy of the vault does not bring back what was destroyed since") {
    const VaultFolder live;
    const VaultFolder restored;
    const auto vault = live.open();
    REQUIRE(vault->put("peer/1/private_key", secret("to be destroyed")).has_value());
    REQUIRE(vault->put("peer/2/private_key", secret("to be dropped")).has_value());
    REQUIRE(vault->put("peer/2/preshared", secret("to stay")).has_value());
    vault->copy_to(restored.database);
    std::filesystem::copy_file(live.key_file, restored.key_file);

    REQUIRE(vault->destroy_subject("peer/1", some_time).has_value());
    REQUIRE(vault->drop(std::vector<SecretRef>{{"peer/2/private_key", 1}}, some_time).has_value());
    REQUIRE(vault->change_master_key(std::nullopt).has_value());

    {
        const auto old = restored.open();
        REQUIRE(old->get({"peer/1/private_key", 1}).has_value());
        REQUIRE(old->merge_tombstones(vault->tombstones()).has_value());
    }
    const auto old = restored.open();
    CHECK_FALSE(old->get({"peer/1/private_key", 1}).has_value());
    CHECK_FALSE(old->get({"peer/2/private_key", 1}).has_value());
    CHECK(old->get({"peer/2/preshared", 1})->equals("to stay"));
    CHECK(old->put("peer/1/private_key", secret("late")).error().code == "subject_destroyed");
    CHECK(old->put("peer/2/private_key", secret("late"))->version == 2);
    CHECK(old->tombstones() == vault->tombstones());
    CHECK(old->verify().empty());
}

TEST_CASE("a copy is one whole file, made beside writers, and never over another") {
    const VaultFolder folder;
    const VaultFolder copy;
    const auto vault = folder.open();
    REQUIRE(vault->put("a/b", secret("value")).has_value());
    vault->copy_to(copy.database);
    CHECK_FALSE(std::filesystem::exists(copy.folder / "vault.db-wal"));
    CHECK_THROWS_AS(vault->copy_to(copy.database), sqlite::Error);
    REQUIRE(vault->put("a/b", secret("later")).has_value());
    std::filesystem::copy_file(folder.key_file, copy.key_file);
    CHECK(copy.open()->references() == std::vector<SecretRef>{{"a/b", 1}});
}
