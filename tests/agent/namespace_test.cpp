// Private networks and the relay out of them.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "adapters/agent/namespace.hpp"
#include "adapters/agent/relay.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

constexpr std::chrono::seconds command_patience{5};
constexpr uid_t nobody = 65534;

Ran inside(const Namespace& space, std::vector<std::string> argv) {
    argv[0] = find_program(argv[0], {}).value();
    return run({.argv = argv, .space = &space}, command_patience);
}

/// What the namespace is for, as whoever runs this: a loopback of its own, a private folder, sockets opened
/// within. 0 when all of it holds; else the number of what does not.
int try_namespace() {
    const auto space = Namespace::make({"/var/run/pic-test/deep"}, {"/tmp"});
    if (!space) return 1;
    if (inside(*space, {"ip", "-brief", "link"}).output.find("lo ") != 0) return 2;
    if (!inside(*space, {"ping", "-c", "1", "-W", "1", "127.0.0.1"}).ok()) return 3;
    if (!inside(*space, {"touch", "/var/run/pic-test/deep/file"}).ok()) return 4;
    if (!inside(*space, {"ip", "address", "add", "10.77.0.1/24", "dev", "lo"}).ok()) return 5;
    if (!space->open_socket("10.77.0.1", 53, false) || !space->open_socket("10.77.0.1", 53, true)) return 6;
    if (space->open_socket("10.78.0.1", 53, false)) return 7;
    return 0;
}

}  // namespace

TEST_CASE("a private network and a private folder leave the host as it was") {
    const auto space = Namespace::make({}, {});
    if (!space) {
        WARN(space.error().detail);
        return;
    }
    CHECK(try_namespace() == 0);
    CHECK_FALSE(std::filesystem::exists("/var/run/pic-test"));
    CHECK(find_program("ip", {}));
    CHECK(run({.argv = {*find_program("ip", {}), "address"}}, command_patience).output.find("10.77.0.1") ==
          std::string::npos);
}

TEST_CASE("a user who is not root has a private network too") {
    if (::geteuid() != 0) return;  // the test before this one was it
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // Which also makes that nobody may look into it, as the agent has it (keep_memory_private).
        if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(99);
        ::_exit(try_namespace());
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 1) {
        WARN("this kernel gives users no namespaces");
        return;
    }
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a program that will not be root is shown another number") {
    const auto ran =
        run({.argv = {find_program("id", {}).value(), "-u"}, .never_root = true}, command_patience);
    INFO(ran.output);
    REQUIRE(ran.ok());
    CHECK(ran.output == (::geteuid() == 0 ? "65534\n" : std::to_string(::geteuid()) + "\n"));
}

TEST_CASE("what must stay visible is not hidden by a private folder") {
    const auto space = Namespace::make({"/tmp/pic-no-such-folder"}, {"/tmp/pic-data"});
    REQUIRE_FALSE(space);
    CHECK(space.error().detail == "a private /tmp would hide /tmp/pic-data");
}

TEST_CASE("the relay passes datagrams and connections out of a private network") {
    const auto space = Namespace::make({}, {});
    if (!space) {
        WARN(space.error().detail);
        return;
    }
    const TempFolder folder;
    const auto port = free_port();
    Applier applier(options_for("dns", folder.path(), {{"dns_port", port}}));
    Desired desired("dns");
    set_corefile(desired);
    set_zone(desired, "home.example", 1, 300);
    REQUIRE(applier.apply(desired.next()).state == ApplyState::applied);

    REQUIRE(inside(*space, {"ip", "address", "add", "10.77.0.1/24", "dev", "lo"}).ok());
    std::vector<Fd> datagrams;
    std::vector<Fd> listeners;
    datagrams.push_back(std::move(*space->open_socket("10.77.0.1", 53, false)));
    listeners.push_back(std::move(*space->open_socket("10.77.0.1", 53, true)));
    const auto relay = Relay::start(std::move(datagrams), std::move(listeners), "127.0.0.1:" + port);
    REQUIRE(relay);
    for (const auto* protocol : {"+notcp", "+tcp"}) {
        const auto ran = inside(*space, {"dig", "+short", protocol, "@10.77.0.1", "h7.home.example"});
        CHECK(ran.output == "10.0.0.7\n");
    }
    CHECK_FALSE(Relay::start({}, {}, "nowhere"));
}
