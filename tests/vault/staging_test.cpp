// Secrets that many stage and one commits, and a disk that fails meanwhile.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::secret;
using test::some_time;
using test::VaultFolder;

namespace {

/// While this lives no file can grow: a full disk, as far as SQLite can tell.
class FullDisk {
  public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &none);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
};

/// What another process would see.
std::int64_t rows_on_disk(const VaultFolder& folder) {
    return sqlite::Database(folder.database, sqlite::Database::Mode::read_write)
        .query_integer("SELECT count(*) FROM secret");
}

}  // namespace

TEST_CASE("staged secrets become real together") {
    const VaultFolder folder;
    const auto vault = folder.open();
    REQUIRE(vault->commit_staged().has_value());
    const auto first = vault->stage("peer/1/private_key", secret("one")).value();
    const auto second = vault->stage("peer/1/private_key", secret("two")).value();
    const auto third = vault->stage("peer/2/private_key", secret("three")).value();
    CHECK(first.version == 1);
    CHECK(second.version == 2);
    CHECK_FALSE(vault->get(first).has_value());
    CHECK(rows_on_disk(folder) == 0);
    REQUIRE(vault->commit_staged().has_value());
    CHECK(rows_on_disk(folder) == 3);
    CHECK(vault->get(first)->equals("one"));
    CHECK(vault->get(second)->equals("two"));
    CHECK(vault->get(third)->equals("three"));
    CHECK(vault->verify().empty());
}

TEST_CASE("every other write commits what is staged first") {
    const VaultFolder folder;
    const auto vault = folder.open();
    const auto staged = vault->stage("peer/1/private_key", secret("one")).value();
    SECTION("a put") { REQUIRE(vault->put("peer/1/private_key", secret("two"))->version == 2); }
    SECTION("a put that is refused") { REQUIRE_FALSE(vault->put("Bad", secret("two")).has_value()); }
    SECTION("a destruction") { REQUIRE(vault->destroy_subject("peer/2", some_time).has_value()); }
    SECTION("a new master key") { REQUIRE(vault->change_master_key(std::nullopt).has_value()); }
    SECTION("a collection") {
        REQUIRE(vault->collect_orphans([](const SecretRef&) { return true; })->empty());
    }
    CHECK(vault->get(staged)->equals("one"));
    CHECK(vault->verify().empty());
}

TEST_CASE("what is staged can be refused like any put, and spoils nothing") {
    const VaultFolder folder;
    const auto vault = folder.open();
    REQUIRE(vault->destroy_subject("peer/9", some_time).has_value());
    const auto staged = vault->stage("peer/1/private_key", secret("one")).value();
    CHECK(vault->stage("Bad", secret("x")).error().code == "secret_name_invalid");
    CHECK(vault->stage("peer/9/private_key", secret("x")).error().code == "subject_destroyed");
    REQUIRE(vault->commit_staged().has_value());
    CHECK(vault->references() == std::vector<SecretRef>{staged});
}

TEST_CASE("staged secrets are gone when the process ends without a commit") {
    const VaultFolder folder;
    REQUIRE(folder.open()->stage("peer/1/private_key", secret("one")).has_value());
    CHECK(folder.open()->references().empty());
}

TEST_CASE("on a full disk nothing is acknowledged, and no handed out reference is lost") {
    const VaultFolder folder;
    const auto vault = folder.open();
    REQUIRE(vault->put("peer/0/private_key", secret("zero")).has_value());
    std::vector<SecretRef> refs;
    {
        const FullDisk full;
        CHECK(vault->put("peer/1/private_key", secret("refused")).error().code == "vault_unwritable");
        CHECK(vault->destroy_subject("peer/0", some_time).error().code == "vault_unwritable");
        refs.push_back(vault->stage("peer/2/private_key", secret("one")).value());
        CHECK(vault->commit_staged().error().code == "vault_unwritable");
        refs.push_back(vault->stage("peer/2/private_key", secret("two")).value());
        CHECK(vault->commit_staged().error().code == "vault_unwritable");
        CHECK(vault->put("peer/3/private_key", secret("refused")).error().code == "vault_unwritable");
        CHECK(vault->get({"peer/0/private_key", 1})->equals("zero"));
    }
    CHECK(refs == std::vector<SecretRef>{{"peer/2/private_key", 1}, {"peer/2/private_key", 2}});
    CHECK_FALSE(vault->get(refs[0]).has_value());
    REQUIRE(vault->commit_staged().has_value());
    CHECK(vault->get(refs[0])->equals("one"));
    CHECK(vault->get(refs[1])->equals("two"));
    CHECK(vault->references().size() == 3);
    CHECK(vault->verify().empty());
}

TEST_CASE("threads may stage while one commits") {
    const VaultFolder folder;
    const auto vault = folder.open();
    std::vector<std::thread> threads;
    std::vector<int> wrong(3);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 30; ++i) {
                const std::string name = "peer/" + std::to_string(t) + "/private_key";
                const auto ref = vault->stage(name, secret(std::to_string(i)));
                if (!ref || !vault->commit_staged() || !vault->get(*ref)->equals(std::to_string(i)))
                    ++wrong[t];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(3));
    CHECK(vault->references().size() == 90);
}
