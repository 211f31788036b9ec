// The applier on a real chronyd, asked by another.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "adapters/agent/process.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

constexpr std::chrono::seconds chrony_patience{10};

bool chrony_is_there() {
    if (find_program("chronyd", {})) return true;
    WARN("chrony is not installed");
    return false;
}

Desired ntp_of_cell() {
    Desired desired("ntp");
    desired.set("chrony.conf", "0", "local stratum 10\nallow 10.8.0.0/24\n");
    desired.set("sources/cell.sources", "0", "server 192.0.2.1 iburst\n");
    return desired;
}

/// What a client that asks for the time once says of the server; it sets no clock.
Ran ask(const std::string& port) {
    return run({.argv = {*find_program("chronyd", {}), "-Q", "-t", "5",
                         fmt::format("server 127.0.0.1 port {} iburst maxsamples 1", port)}},
               chrony_patience);
}

std::string sources(const TempFolder& folder) {
    const auto socket = (folder.path() / "memory/run/chronyd.sock").string();
    return run({.argv = {*find_program("chronyc", {}), "-h", socket, "-n", "sources"}}, chrony_patience)
        .output;
}

}  // namespace

TEST_CASE("the cell tells the time, and takes up other sources without a restart") {
    if (!chrony_is_there()) return;
    const TempFolder folder("/dev/shm");
    const auto port = free_port();
    Applier applier(options_for("ntp", folder.path(), {{"ntp_port", port}}));
    auto desired = ntp_of_cell();
    require_applied(applier.apply(desired.next()));
    const auto asked = ask(port);
    INFO(asked.output);
    CHECK(asked.ok());
    CHECK(asked.output.find("System clock wrong by") != std::string::npos);
    CHECK(sources(folder).find("192.0.2.1") != std::string::npos);
    const auto before = applier.status();

    desired.set("sources/cell.sources", "0", "server 192.0.2.2 iburst\n");
    require_applied(applier.apply(desired.next()));
    CHECK(sources(folder).find("192.0.2.2") != std::string::npos);
    CHECK(sources(folder).find("192.0.2.1 ") == std::string::npos);
    CHECK(applier.status() == before);

    desired.set("chrony.conf", "0", "local stratum 11\nallow 10.9.0.0/24\n");
    require_applied(applier.apply(desired.next()));
    CHECK(applier.status() != before);  // this much wants a restart
    CHECK(ask(port).ok());
}

TEST_CASE("what chronyd does not understand is refused, also among the sources") {
    if (!chrony_is_there()) return;
    const TempFolder folder("/dev/shm");
    const auto port = free_port();
    Applier applier(options_for("ntp", folder.path(), {{"ntp_port", port}}));
    auto desired = ntp_of_cell();
    require_applied(applier.apply(desired.next()));
    desired.set(GENERATE(std::string("chrony.conf"), std::string("sources/cell.sources")), "1",
                "no such thing\n");
    const auto report = applier.apply(desired.next());
    CHECK(report.state == ApplyState::refused);
    CHECK(report.step == "validate");
    CHECK(ask(port).ok());
}
