// A process that puts secrets is killed with SIGKILL, again and again: what it acknowledged is there.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;
using test::secret;
using test::VaultFolder;

namespace {

/// Puts until killed; writes the version of each put to the pipe once it is acknowledged.
[[noreturn]] void put_for_ever(const VaultFolder& folder, int acknowledgements) {
    const auto vault = folder.open();
    for (;;) {
        const auto ref = vault->put("peer/1/private_key", secret("value"));
        if (!ref || write(acknowledgements, &ref->version, sizeof ref->version) != sizeof ref->version)
            _exit(1);
    }
}

/// The last version acknowledged before the kill, which comes after `count` of them.
std::uint32_t run_and_kill(const VaultFolder& folder, int count) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) put_for_ever(folder, ends[1]);
    close(ends[1]);
    std::uint32_t version = 0;
    for (int i = 0; i < count; ++i) REQUIRE(read(ends[0], &version, sizeof version) == sizeof version);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &version, sizeof version) == sizeof version) {
    }
    close(ends[0]);
    return version;
}

}  // namespace

TEST_CASE("what was acknowledged survives kill -9") {
    const VaultFolder folder;
    std::uint32_t before = 0;
    for (int round = 0; round < 10; ++round) {
        const std::uint32_t acknowledged = run_and_kill(folder, 1 + round * 7);
        REQUIRE(acknowledged > before);
        const auto vault = folder.open();
        for (std::uint32_t version = before + 1; version <= acknowledged; ++version) {
            REQUIRE(vault->get({"peer/1/private_key", version})->equals("value"));
        }
        // At most the one put that was under way when the kill came.
        before = vault->newest("peer/1/private_key")->version;
        REQUIRE(before <= acknowledged + 1);
    }
    CHECK(folder.open()->verify().empty());
}
