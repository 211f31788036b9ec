// The applier on a real dnsmasq in the network that it makes for itself, and a client on a cable to it.
#include <unistd.h>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapters/agent/namespace.hpp"
#include "adapters/agent/process.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

constexpr std::chrono::seconds lease_patience{15};
constexpr char card[] = "02:00:5e:10:00:01";

bool dhcp_possible() {
    if (::geteuid() == 0 && find_program("dnsmasq", {}) && find_program("busybox", {})) return true;
    WARN("DHCP cannot be tried here: root, dnsmasq-base and busybox are needed");
    return false;
}

std::string range(unsigned first, unsigned last) {
    return fmt::format(
        "port=0\nbind-dynamic\ndhcp-authoritative\ndhcp-range=192.168.50.{},192.168.50.{},255.255.255.0,"
        "3600\n"
        "dhcp-option=option:router,192.168.50.1\ndhcp-option=option:dns-server,0.0.0.0\n"
        "dhcp-option=option:domain-name,home.example\n",
        first, last);
}

Desired dhcp_of_cell() {
    Desired desired("dhcp");
    desired.set("dnsmasq.conf", "0", range(100, 120)).set("reservations", "0", "# MAC, address, name\n");
    return desired;
}

pid_t network_of(const Applier& applier) {
    return nlohmann::json::parse(applier.status())["namespace_pid"].get<pid_t>();
}

/// A machine with one network card, on a cable to the cell's.
class Client {
  public:
    explicit Client(pid_t cell) : space_(std::move(*Namespace::make({}, {}))) {
        must({*find_program("nsenter", {}), "-t", std::to_string(cell), "-n", ip(), "link", "add", "lan",
              "type", "veth", "peer", "name", "eth0", "netns", std::to_string(space_.holder())});
        must({*find_program("nsenter", {}), "-t", std::to_string(cell), "-n", ip(), "address", "add",
              "192.168.50.1/24", "dev", "lan"});
        must({*find_program("nsenter", {}), "-t", std::to_string(cell), "-n", ip(), "link", "set", "lan",
              "up"});
        const auto ran = run({.argv = {ip(), "link", "set", "eth0", "address", card, "up"}, .space = &space_},
                             lease_patience);
        REQUIRE(ran.ok());
    }
    /// What udhcpc is given: "address|router|dns|domain"; "" for nothing.
    std::string lease() {
        const TempFolder folder;
        const auto script = (folder.path() / "script").string();
        {
            std::FILE* out = std::fopen(script.c_str(), "w");
            std::fputs("#!/bin/sh\n[ \"$1\" = bound ] && echo \"lease $ip|$router|$dns|$domain\" || true\n",
                       out);
            std::fclose(out);
        }
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        const auto ran = run({.argv = {*find_program("busybox", {}), "udhcpc", "-i", "eth0", "-n", "-q", "-f",
                                       "-t", "8", "-T", "1", "-s", script},
                              .space = &space_},
                             lease_patience);
        const auto at = ran.output.find("lease 192");
        if (at == std::string::npos) return "";
        return ran.output.substr(at + 6, ran.output.find('\n', at) - at - 6);
    }

  private:
    static std::string ip() { return *find_program("ip", {}); }
    static void must(const std::vector<std::string>& argv) {
        const auto ran = run({.argv = argv}, lease_patience);
        INFO(ran.output);
        REQUIRE(ran.ok());
    }
    Namespace space_;
};

}  // namespace

TEST_CASE("a device gets an address of the range, and its own once one is reserved") {
    if (!dhcp_possible()) return;
    const TempFolder folder("/dev/shm");
    Applier applier(options_for("dhcp", folder.path()));
    auto desired = dhcp_of_cell();
    require_applied(applier.apply(desired.next()));
    Client client(network_of(applier));
    const auto first = client.lease();
    CHECK(first.starts_with("192.168.50.1"));
    CHECK(first.ends_with("|192.168.50.1|192.168.50.1|home.example"));
    const auto before = applier.status();

    desired.set("reservations", "device/1", fmt::format("{},192.168.50.7,printer\n", card));
    require_applied(applier.apply(desired.next()));
    CHECK(client.lease() == "192.168.50.7|192.168.50.1|192.168.50.1|home.example");
    CHECK(applier.status() == before);  // a reservation restarts nothing

    desired.erase("reservations", "device/1").set("dnsmasq.conf", "0", range(200, 200));
    require_applied(applier.apply(desired.next()));
    CHECK(client.lease().starts_with("192.168.50.200|"));

    desired.enable(false);
    CHECK(applier.apply(desired.next()).state == ApplyState::disabled);
}

TEST_CASE("a broken range is refused and the old one stays") {
    if (!dhcp_possible()) return;
    const TempFolder folder("/dev/shm");
    Applier applier(options_for("dhcp", folder.path()));
    auto desired = dhcp_of_cell();
    require_applied(applier.apply(desired.next()));
    desired.set("dnsmasq.conf", "1", "dhcp-range=nonsense\n");
    const auto report = applier.apply(desired.next());
    CHECK(report.state == ApplyState::refused);
    CHECK(report.step == "validate");
    CHECK(applier.look().healthy);
}
