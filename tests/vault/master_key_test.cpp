// Changing the master key, and being killed while at it.
#include <catch2/catch.hpp>

#include "controller/vault/private_file.hpp"
#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::read_bytes;
using test::secret;
using test::some_time;
using test::VaultFolder;

namespace {

struct VaultWithTombstone : VaultFolder {
    std::filesystem::path next_key = folder / "master.key.new";

    VaultWithTombstone() {
        const auto vault = open();
        REQUIRE(vault->put("peer/1/private_key", secret("value")).has_value());
        REQUIRE(vault->destroy_subject("peer/2", some_time).has_value());
    }

    static void expect_whole(const Vault& vault) {
        CHECK(vault.get({"peer/1/private_key", 1})->equals("value"));
        CHECK(vault.tombstones().size() == 1);
        CHECK(vault.verify().empty());
    }

    /// Puts a key file back as a crash would have left it.
    static void place(const std::filesystem::path& file, const std::string& bytes) {
        REQUIRE(write_private_file(file, secret(bytes), IfExists::replace).has_value());
    }
};

}  // namespace

TEST_CASE("a new key file takes the old one's place") {
    const VaultWithTombstone folder;
    const std::string old_key = read_bytes(folder.key_file);
    {
        const auto vault = folder.open();
        REQUIRE(vault->change_master_key(std::nullopt).has_value());
        VaultWithTombstone::expect_whole(*vault);
        REQUIRE(vault->put("peer/1/private_key", secret("newer")).has_value());
    }
    CHECK(read_bytes(folder.key_file) != old_key);
    CHECK_FALSE(std::filesystem::exists(folder.next_key));
    VaultWithTombstone::expect_whole(*folder.open());

    VaultWithTombstone::place(folder.key_file, old_key);
    CHECK(folder.try_open().error().code == OpenCode::master_key_wrong);
}

TEST_CASE("from a key file to a passphrase, to another, and back") {
    const VaultWithTombstone folder;
    REQUIRE(folder.open()->change_master_key(secret("first phrase"), VaultFolder::cheap).has_value());
    CHECK_FALSE(std::filesystem::exists(folder.key_file));
    {
        const auto vault = folder.try_open_with("first phrase").value();
        VaultWithTombstone::expect_whole(*vault);
        REQUIRE(vault->change_master_key(secret("second phrase"), VaultFolder::cheap).has_value());
    }
    CHECK(folder.try_open_with("first phrase").error().code == OpenCode::passphrase_wrong);
    REQUIRE(folder.try_open_with("second phrase").value()->change_master_key(std::nullopt).has_value());
    VaultWithTombstone::expect_whole(*folder.open());
}

TEST_CASE("killed before the commit, the old key opens and the new one is forgotten") {
    const VaultWithTombstone folder;
    VaultWithTombstone::place(folder.next_key, std::string(32, 'k'));
    VaultWithTombstone::expect_whole(*folder.open());
    CHECK_FALSE(std::filesystem::exists(folder.next_key));
}

TEST_CASE("killed after the commit, the new key is put in its place") {
    const VaultWithTombstone folder;
    const std::string old_key = read_bytes(folder.key_file);
    REQUIRE(folder.open()->change_master_key(std::nullopt).has_value());
    const std::string new_key = read_bytes(folder.key_file);
    VaultWithTombstone::place(folder.next_key, new_key);
    SECTION("from one key file to the next") { VaultWithTombstone::place(folder.key_file, old_key); }
    SECTION("from a passphrase to a key file") { std::filesystem::remove(folder.key_file); }
    VaultWithTombstone::expect_whole(*folder.open());
    CHECK(read_bytes(folder.key_file) == new_key);
    CHECK_FALSE(std::filesystem::exists(folder.next_key));
}
