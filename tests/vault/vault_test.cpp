#include "controller/vault/vault.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <thread>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::secret;
using test::some_time;
using test::VaultFolder;

TEST_CASE("a secret comes back as it was put, also after the vault was closed") {
    const VaultFolder folder;
    const std::string binary("\0\xff zero and more\n", 17);
    {
        const auto vault = folder.open();
        CHECK(vault->put("peer/0190/private_key", secret("first")).value() ==
              SecretRef{"peer/0190/private_key", 1});
        CHECK(vault->put("peer/0190/private_key", secret("second")).value().version == 2);
        CHECK(vault->put("wireguard/private_key", secret(binary)).value().version == 1);
        CHECK(vault->put("bus/empty", secret("")).value().version == 1);
    }
    const auto vault = folder.open();
    CHECK(vault->get({"peer/0190/private_key", 1}).value().reveal() == "first");
    CHECK(vault->get({"peer/0190/private_key", 2}).value().reveal() == "second");
    CHECK(vault->get({"wireguard/private_key", 1}).value().reveal() == binary);
    CHECK(vault->get({"bus/empty", 1}).value().empty());
    CHECK_FALSE(vault->get({"peer/0190/private_key", 3}).has_value());
    CHECK_FALSE(vault->get({"peer/0190/preshared", 1}).has_value());
    CHECK_FALSE(vault->get({"nonsense", 1}).has_value());
    CHECK(vault->newest("peer/0190/private_key") == SecretRef{"peer/0190/private_key", 2});
    CHECK_FALSE(vault->newest("peer/0190/preshared").has_value());
    CHECK(vault->subjects() == std::vector<std::string>{"bus", "peer/0190", "wireguard"});
    CHECK(vault->references() == std::vector<SecretRef>{{"bus/empty", 1},
                                                        {"peer/0190/private_key", 1},
                                                        {"peer/0190/private_key", 2},
                                                        {"wireguard/private_key", 1}});
    CHECK(vault->verify().empty());
}

TEST_CASE("the vault's files are for their owner alone") {
    const VaultFolder folder;
    const auto vault = folder.open();
    REQUIRE(vault->put("a/b", secret("x")).has_value());
    for (const auto& entry : std::filesystem::directory_iterator(folder.folder.path())) {
        struct stat status{};
        REQUIRE(::stat(entry.path().c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0600);
    }
}

TEST_CASE("names and sizes have bounds") {
    const VaultFolder folder;
    const auto vault = folder.open();
    for (const char* name : {"", "x", "/x", "x/", "a//b", "A/b", "a/b c", "a/b\n", "a/b@1", "a/\xc3\xa4"}) {
        const auto ref = vault->put(name, secret("x"));
        REQUIRE_FALSE(ref.has_value());
        CHECK(ref.error().code == "secret_name_invalid");
    }
    CHECK(vault->put("a/" + std::string(secret_name_limit - 2, 'n'), secret("x")).has_value());
    CHECK(vault->put("a/" + std::string(secret_name_limit - 1, 'n'), secret("x")).error().code ==
          "secret_name_invalid");
    CHECK(vault->put("a/b", Secret(secret_size_limit)).has_value());
    CHECK(vault->put("a/b", Secret(secret_size_limit + 1)).error().code == "secret_too_large");
}

TEST_CASE("many secrets go in together or not at all") {
    const VaultFolder folder;
    const auto vault = folder.open();
    std::vector<NewSecret> batch;
    batch.push_back({"peer/1/private_key", secret("one")});
    batch.push_back({"peer/1/preshared", secret("two")});
    batch.push_back({"peer/1/preshared", secret("three")});
    const auto refs = vault->put_many(batch);
    REQUIRE(refs.has_value());
    CHECK(*refs == std::vector<SecretRef>{
                       {"peer/1/private_key", 1}, {"peer/1/preshared", 1}, {"peer/1/preshared", 2}});
    CHECK(vault->get(refs->at(2)).value().reveal() == "three");

    batch.push_back({"Bad", secret("four")});
    batch[0].name = "peer/2/private_key";
    CHECK(vault->put_many(batch).error().code == "secret_name_invalid");
    CHECK(vault->references().size() == 3);
    CHECK(vault->subjects() == std::vector<std::string>{"peer/1"});
}

TEST_CASE("orphans are collected, with the keys of subjects that are left empty") {
    const VaultFolder folder;
    const auto vault = folder.open();
    const auto kept = vault->put("peer/1/private_key", secret("kept")).value();
    const auto orphan = vault->put("peer/1/private_key", secret("never committed")).value();
    const auto stranger = vault->put("peer/2/private_key", secret("never committed either")).value();
    const auto collected = vault->collect_orphans([&](const SecretRef& ref) { return ref == kept; }).value();
    CHECK(collected == std::vector<SecretRef>{orphan, stranger});
    CHECK(vault->references() == std::vector<SecretRef>{kept});
    CHECK(vault->subjects() == std::vector<std::string>{"peer/1"});
    CHECK(vault->tombstones().empty());
    CHECK(vault->put("peer/2/private_key", secret("again")).has_value());
    CHECK(vault->collect_orphans([](const SecretRef&) { return true; }).value().empty());
}

TEST_CASE("readers and writers share the vault") {
    const VaultFolder folder;
    const auto vault = folder.open();
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            const std::string name = "peer/" + std::to_string(t % 2) + "/private_key";
            for (int i = 0; i < 25; ++i) {
                const std::string text = std::to_string(t) + ":" + std::to_string(i);
                const auto ref = vault->put(name, secret(text));
                if (!ref || !vault->get(*ref).value().equals(text)) ++wrong[t];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(4));
    CHECK(vault->references().size() == 100);
    CHECK(vault->newest("peer/0/private_key")->version == 50);
}
