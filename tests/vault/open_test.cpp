// Opening a vault that is not as it should be: a typed error, and nothing touched.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <map>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::read_bytes;
using test::secret;
using test::VaultFolder;
using test::write_bytes;

namespace {

std::map<std::string, std::string> everything_in(const VaultFolder& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder.folder.path())) {
        files[entry.path().filename()] = read_bytes(entry.path());
    }
    return files;
}

/// Opens, expects that error, and that no file has changed.
void expect(const VaultFolder& folder, OpenCode code) {
    const auto before = everything_in(folder);
    const auto vault = folder.try_open();
    REQUIRE_FALSE(vault.has_value());
    CHECK(to_string(vault.error().code) == to_string(code));
    CHECK_FALSE(vault.error().detail.empty());
    CHECK(everything_in(folder) == before);
}

/// A closed vault with one secret.
struct FilledVault : VaultFolder {
    FilledVault() { REQUIRE(open()->put("peer/1/private_key", secret("value")).has_value()); }
    [[nodiscard]] bool is_whole() const { return open()->get({"peer/1/private_key", 1})->equals("value"); }
};

}  // namespace

TEST_CASE("without its master key a vault stays shut, and opens when the key is back") {
    const FilledVault folder;
    const std::string key = read_bytes(folder.key_file);
    std::filesystem::remove(folder.key_file);
    expect(folder, OpenCode::master_key_missing);
    write_bytes(folder.key_file, key);
    ::chmod(folder.key_file.c_str(), 0644);
    expect(folder, OpenCode::master_key_permissions);
    ::chmod(folder.key_file.c_str(), 0600);
    CHECK(folder.is_whole());
}

TEST_CASE("another vault's key is refused") {
    const FilledVault folder;
    const FilledVault other;
    std::filesystem::copy_file(other.key_file, folder.key_file,
                               std::filesystem::copy_options::overwrite_existing);
    expect(folder, OpenCode::master_key_wrong);
    write_bytes(folder.key_file, "short");
    expect(folder, OpenCode::master_key_wrong);
}

TEST_CASE("a key file that is no key is refused for a new vault too") {
    const VaultFolder folder;
    write_bytes(folder.key_file, "short");
    ::chmod(folder.key_file.c_str(), 0600);
    expect(folder, OpenCode::master_key_wrong);
}

TEST_CASE("a crash while a vault was being made leaves nothing in the way") {
    const VaultFolder folder;
    write_bytes(folder.database, "");
    CHECK(folder.open()->references().empty());
}

TEST_CASE("a file that is no vault is refused") {
    const FilledVault folder;
    SECTION("noise") { write_bytes(folder.database, std::string(8192, 'x')); }
    SECTION("a vault cut short") {
        const std::string bytes = read_bytes(folder.database);
        write_bytes(folder.database, bytes.substr(0, bytes.size() / 2));
    }
    SECTION("a flipped page header") {
        std::string bytes = read_bytes(folder.database);
        bytes[4096] = static_cast<char>(bytes[4096] ^ 0x40);
        write_bytes(folder.database, bytes);
    }
    SECTION("another program's database") { folder.tamper("PRAGMA application_id=1"); }
    SECTION("a trigger that came with it") {
        folder.tamper("CREATE TRIGGER steal AFTER INSERT ON secret BEGIN DELETE FROM tombstone; END");
    }
    SECTION("a missing table") { folder.tamper("DROP TABLE tombstone"); }
    SECTION("no header") { folder.tamper("DELETE FROM header"); }
    expect(folder, OpenCode::damaged);
}

TEST_CASE("a vault of a newer version is left alone") {
    const FilledVault folder;
    folder.tamper("PRAGMA user_version=2");
    expect(folder, OpenCode::newer_version);
}

TEST_CASE("a folder that is not there is an error of the file system") {
    const VaultFolder folder;
    const auto vault = Vault::open({.database = folder.folder / "no/vault.db", .key_file = folder.key_file});
    REQUIRE_FALSE(vault.has_value());
    CHECK(vault.error().code == OpenCode::io);
}

TEST_CASE("a passphrase opens a vault that has no key file") {
    const VaultFolder folder;
    {
        const auto vault = folder.try_open_with("correct horse");
        REQUIRE(vault.has_value());
        CHECK_FALSE((*vault)->key_file().has_value());
        REQUIRE((*vault)->put("a/b", secret("value")).has_value());
    }
    CHECK_FALSE(std::filesystem::exists(folder.key_file));
    expect(folder, OpenCode::passphrase_missing);
    CHECK(folder.try_open_with("correct house").error().code == OpenCode::passphrase_wrong);
    CHECK(folder.try_open_with("").error().code == OpenCode::passphrase_wrong);
    CHECK(folder.try_open_with("correct horse").value()->get({"a/b", 1})->equals("value"));

    folder.tamper("UPDATE header SET memory = 1 << 60");
    CHECK(folder.try_open_with("correct horse").error().code == OpenCode::damaged);
}

TEST_CASE("a passphrase for a vault with a key file is refused") {
    const FilledVault folder;
    CHECK(folder.try_open_with("anything").error().code == OpenCode::passphrase_wrong);
    CHECK(folder.is_whole());
}
