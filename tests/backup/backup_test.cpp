// A cell's backup, there and back.
#include "controller/backup/backup.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "controller/sqlite/database.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::backup;
using test::read_bytes;
using test::TempFolder;
using vault::Secret;
using vault::Vault;

namespace {

constexpr vault::KdfCost cheap_key{.passes = 1, .memory = 8192};
constexpr Timestamp now{1'790'000'000'000};

struct Cell {
    TempFolder folder;
    std::filesystem::path archive = folder / "cell.pic";
    std::filesystem::path staging = folder / "staging";
    std::unique_ptr<Vault> vault;

    explicit Cell(std::optional<Secret> vault_passphrase = {}) {
        vault = Vault::open({.database = folder / "vault.db",
                             .key_file = folder / "master.key",
                             .passphrase = std::move(vault_passphrase),
                             .cost = cheap_key})
                    .value();
        REQUIRE(vault->put("peer/1/private_key", Secret::copy_of("one")).has_value());
        REQUIRE(vault->put("peer/2/private_key", Secret::copy_of("two")).has_value());
    }

    [[nodiscard]] Result<Manifest> backup() const {
        const auto copy_log = [](const std::filesystem::path& file) -> Result<Content> {
            test::write_bytes(file, "the log");
            return file;
        };
        return create_backup({copy_log, *vault, folder / "work"}, archive, passphrase(), cheap_key);
    }
    [[nodiscard]] Result<std::unique_ptr<Vault>> restore(std::optional<Secret> vault_passphrase = {}) const {
        return stage_restore(archive, passphrase(), staging, std::move(vault_passphrase));
    }
    static Secret passphrase() { return Secret::copy_of("correct horse battery"); }
};

}  // namespace

TEST_CASE("a backup holds log, vault and key, and leaves no copies behind") {
    const Cell cell;
    const auto manifest = cell.backup();
    REQUIRE(manifest.has_value());
    REQUIRE(manifest->members.size() == 3);
    CHECK_FALSE(std::filesystem::exists(cell.folder / "work"));
    const auto restored = cell.restore();
    REQUIRE(restored.has_value());
    CHECK(read_bytes(cell.staging / "log.db") == "the log");
    CHECK(read_bytes(cell.staging / "master.key") == read_bytes(cell.folder / "master.key"));
    CHECK((*restored)->get({"peer/1/private_key", 1})->equals("one"));
}

TEST_CASE("what was destroyed after the backup can be destroyed in what it brings back") {
    const Cell cell;
    REQUIRE(cell.backup().has_value());
    REQUIRE(cell.vault->destroy_subject("peer/1", now).has_value());
    REQUIRE(cell.vault->change_master_key(std::nullopt).has_value());
    const auto restored = cell.restore().value();
    REQUIRE(restored->merge_tombstones(cell.vault->tombstones()).has_value());
    CHECK_FALSE(restored->get({"peer/1/private_key", 1}).has_value());
    CHECK(restored->get({"peer/2/private_key", 1})->equals("two"));
    CHECK(restored->put("peer/1/private_key", Secret::copy_of("late")).error().code == "subject_destroyed");
}

TEST_CASE("a vault with a passphrase of its own is backed up without a key and needs that passphrase") {
    const Cell cell(Secret::copy_of("the vault's own"));
    REQUIRE(cell.backup()->members.size() == 2);
    CHECK(cell.restore().error().code == "backup_vault_refused");
    CHECK_FALSE(std::filesystem::exists(cell.staging));
    CHECK(cell.restore(Secret::copy_of("the vault's own")).has_value());
}

TEST_CASE("an archive that is no cell's backup is refused and nothing stays") {
    const Cell cell;
    std::vector<Member> members;
    std::string code = "backup_member_invalid";
    const auto copy = [&] {
        auto key = cell.vault->copy_with_key(cell.folder / "copy.db");
        members.push_back({"vault.db", cell.folder / "copy.db"});
        return key;
    };
    SECTION("without a log") { copy(); }
    SECTION("without a vault") { members.push_back({"log.db", Secret::copy_of("x")}); }
    SECTION("with something else") {
        copy();
        members.push_back({"log.db", Secret::copy_of("x")});
        members.push_back({"access.db", Secret::copy_of("x")});
    }
    SECTION("with a vault whose key is missing") {
        copy();
        members.push_back({"log.db", Secret::copy_of("x")});
        code = "backup_vault_refused";
    }
    SECTION("with another vault's key") {
        copy();
        members.push_back({"log.db", Secret::copy_of("x")});
        members.push_back({"master.key", Secret::random(32)});
        code = "backup_vault_refused";
    }
    SECTION("with a damaged vault") {
        auto key = copy();
        sqlite::Database(cell.folder / "copy.db", sqlite::Database::Mode::read_write)
            .execute("UPDATE secret SET sealed = zeroblob(43) WHERE subject = 1");
        members.push_back({"log.db", Secret::copy_of("x")});
        members.push_back({"master.key", std::move(*key)});
        code = "backup_vault_refused";
    }
    REQUIRE(write_archive(cell.archive, Cell::passphrase(), members, cheap_key).has_value());
    CHECK(cell.restore().error().code == code);
    CHECK_FALSE(std::filesystem::exists(cell.staging));
}

TEST_CASE("an archive that cannot be written leaves no copies behind") {
    const Cell cell;
    test::write_bytes(cell.archive, "mine");
    CHECK(cell.backup().error().code == "backup_exists");
    CHECK_FALSE(std::filesystem::exists(cell.folder / "work"));
}
