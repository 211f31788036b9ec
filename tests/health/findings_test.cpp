// Each diagnoser on a situation made up for it: what is wrong is said, with a way out; what is right is not
// mentioned.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/health/findings.hpp"
#include "controller/health/gather.hpp"
#include "controller/health/listeners.hpp"
#include "controller/health/watch.hpp"

using namespace pic;
using namespace pic::health;

namespace {

ServiceSituation fine(const std::string& name) {
    return {.name = name, .reported = true, .state = "applied", .detail = {}, .pending_restart = {}};
}

Situation all_well() {
    Situation s;
    s.services = {fine("dns"), fine("wireguard")};
    s.disk = Disk{"/data", 100'000'000'000, 50'000'000'000};
    s.clock_synchronised = true;
    s.upstreams = {{"9.9.9.9:53", true}};
    return s;
}

/// The one finding that there is.
Finding only(const Situation& s) {
    const auto found = diagnose(s);
    REQUIRE(found.size() == 1);
    CHECK_FALSE(found[0].what.empty());
    CHECK_FALSE(found[0].why.empty());
    CHECK_FALSE(found[0].fix.empty());
    return found[0];
}

}  // namespace

TEST_CASE("nothing is found where all is well") { CHECK(diagnose(all_well()).empty()); }

TEST_CASE("each way for a service to be unwell is a finding of its own") {
    auto s = all_well();
    auto& dns = s.services[0];
    SECTION("no agent") {
        dns.connected = false;
        dns.healthy = false;
        CHECK(only(s).id == "agent-unreachable-dns");
    }
    SECTION("refused") {
        dns.state = "refused";
        dns.detail = "Corefile:3: no\nmore";
        const auto finding = only(s);
        CHECK(finding.id == "refused-dns");
        CHECK(finding.why == "Corefile:3: no");
    }
    SECTION("a device is missing") {
        dns.state = "not_installed";
        dns.detail = "/dev/net/tun is not there for this user; modprobe tun";
        CHECK(only(s).id == "not-installed-dns");
    }
    SECTION("drift") {
        dns.drift = true;
        CHECK(only(s).id == "drift-dns");
    }
    SECTION("a restart is due") {
        dns.pending_restart = "DNS_PORT is 53 and becomes 5353 with the next make restart";
        CHECK(only(s).id == "restart-pending-dns");
    }
    SECTION("unhealthy") {
        dns.healthy = false;
        CHECK(only(s).id == "unhealthy-dns");
    }
    SECTION("switched off") {
        dns = {.name = "dns",
               .enabled = false,
               .connected = false,
               .state = "disabled",
               .detail = {},
               .pending_restart = {}};
        CHECK(diagnose(s).empty());
    }
}

TEST_CASE("a port held by systemd-resolved comes with the way to free it") {
    auto s = all_well();
    s.taken_ports = {{"dns", "udp", 53, "systemd-resolve (pid 412)"}};
    const auto finding = only(s);
    CHECK(finding.id == "port-udp-53-taken");
    CHECK(finding.what == "Port 53/udp of dns is held by systemd-resolve (pid 412)");
    CHECK(finding.fix.find("DNSStubListener=no") != std::string::npos);
}

TEST_CASE("the machine itself is looked at") {
    auto s = all_well();
    SECTION("a full disk") {
        s.disk->free = 100'000'000;
        CHECK(only(s).id == "disk-nearly-full");
    }
    SECTION("a clock that nobody keeps") {
        s.clock_synchronised = false;
        CHECK(only(s).severity == Severity::warning);
    }
    SECTION("a clock that was never set") {
        s.year = 1970;
        CHECK(only(s).id == "clock-off");
    }
    SECTION("the way out is cut") {
        s.upstreams = {{"9.9.9.9:53", false}, {"1.1.1.1:53", false}};
        CHECK(only(s).severity == Severity::error);
    }
    SECTION("one resolver of two is silent") {
        s.upstreams.push_back({"1.1.1.1:53", false});
        CHECK(only(s).severity == Severity::warning);
    }
    SECTION("a container is down") {
        s.stack = true;
        s.containers = {{"cell-api", "running", "healthy", "Up"},
                        {"cell-dns", "exited", "none", "Exited (1) 2 minutes ago"}};
        CHECK(only(s).id == "container-cell-dns");
    }
    SECTION("nothing is written any more") {
        s.read_only = "the log is damaged at event 7";
        CHECK(only(s).id == "log-read-only");
    }
}

TEST_CASE("errors come before warnings") {
    auto s = all_well();
    s.services[0].drift = true;
    s.year = 1970;
    const auto found = diagnose(s);
    REQUIRE(found.size() == 2);
    CHECK(found[0].id == "clock-off");
}

TEST_CASE("a finding keeps the moment when it was first seen, until it is gone") {
    auto s = all_well();
    s.services[0].drift = true;
    std::int64_t now = 1000;
    Watch watch([&] { return s; }, [&] { return Timestamp{now}; });
    REQUIRE(watch.findings().size() == 1);
    CHECK(watch.findings()[0].since == Timestamp{1000});
}

TEST_CASE("a silent resolver is asked again only after a while") {
    int asked = 0;
    UpstreamProbe probe([&](const std::string&) { return ++asked, false; });
    CHECK_FALSE(probe.look({"192.0.2.1:53"})[0].answers);
    CHECK_FALSE(probe.look({"192.0.2.1:53"})[0].answers);
    CHECK(asked == 1);
}

TEST_CASE("the program behind a port is named") {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    const auto port = ntohs(address.sin_port);
    CHECK_FALSE(port_owner(port, true));  // bound, but nobody listens
    REQUIRE(::listen(fd, 1) == 0);
    const auto owner = port_owner(port, true);
    ::close(fd);
    REQUIRE(owner);
    CHECK(owner->find("pid " + std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("the kernel's table of sockets is read") {
    const auto found = parse_listeners(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 20911 1 "
        "0 100 0 0 10 0\n"
        "   1: 0100007F:A1B2 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 20912 1 "
        "0 20 4 30 10 -1\n",
        true);
    REQUIRE(found.size() == 1);
    CHECK(found[0].port == 53);
    CHECK(found[0].inode == 20911);
}

TEST_CASE("a secret that has become older than it should is found") {
    auto s = all_well();
    s.old_secrets = {{"backup-key", "2026-11-01T00:00:00.000Z"}};
    const auto finding = only(s);
    CHECK(finding.id == "rotate-backup-key");
    CHECK(finding.why.find("2026-11-01") != std::string::npos);
}

TEST_CASE("a certificate that was not renewed in time is found, and an intermediate that nobody can renew") {
    auto s = all_well();
    s.expiring = {{"proxy", "2026-12-01T00:00:00.000Z"}};
    CHECK(only(s).id == "certificate-proxy");
    s.expiring.clear();
    s.intermediate_until = "2036-11-24T00:00:00.000Z";
    CHECK(only(s).id == "intermediate-due");
}
