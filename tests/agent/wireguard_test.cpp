// The applier on a real WireGuard, in the namespace that it makes for itself.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapters/agent/process.hpp"
#include "adapters/agent/wireguard_check.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

/// A program run inside the applier's namespaces.
std::string inside(const Applier& applier, const std::vector<std::string>& argv) {
    const auto holder = nlohmann::json::parse(applier.status())["namespace_pid"].get<pid_t>();
    std::vector<std::string> all{*find_program("nsenter", {}), "-t", std::to_string(holder), "-n", "-m"};
    all.insert(all.end(), argv.begin(), argv.end());
    return run({.argv = all}, std::chrono::seconds(5)).output;
}

/// What `wg show` prints, its lines sorted: the order of peers has no meaning.
std::string wg(const Applier& applier, const std::string& what) {
    std::istringstream out(inside(applier, {*find_program("wg", {}), "show", "wg0", what}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(out, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string ip(const Applier& applier, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), *find_program("ip", {}));
    return inside(applier, arguments);
}

/// The applier with a tunnel up for so many peers.
struct Tunnel {
    explicit Tunnel(unsigned peers) : applier(options_for("wireguard", folder.path())) {
        set_wireguard(desired, peers);
        require_applied(applier.apply(desired.next()));
    }
    const TempFolder folder{"/dev/shm"};
    Applier applier;
    Desired desired{"wireguard"};
};

}  // namespace

TEST_CASE("a tunnel comes up and follows its configuration without being taken down") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(3);
    auto& [folder, applier, desired] = tunnel;
    const auto status = applier.status();
    CHECK(wg(applier, "allowed-ips").find("10.8.0.4/32") != std::string::npos);
    CHECK(ip(applier, {"-brief", "address", "show", "wg0"}).find("10.8.0.1/16 fd00:8::1/64") !=
          std::string::npos);
    CHECK(ip(applier, {"link", "show", "wg0"}).find("mtu 1420") != std::string::npos);

    set_peer(desired, 1, "10.8.7.7");
    require_applied(applier.apply(desired.next()));
    CHECK(wg(applier, "allowed-ips").find("10.8.7.7/32") != std::string::npos);

    desired.erase("wg0.conf", "peer/00002");
    require_applied(applier.apply(desired.next()));
    CHECK(wg(applier, "allowed-ips").find("10.8.0.4/32") == std::string::npos);

    desired.set(parameters_path, "addresses", "10.9.0.1/24 fd00:8::1/64")
        .set(parameters_path, "mtu", "1380")
        .set(parameters_path, "route/1", "192.168.7.0/24");
    require_applied(applier.apply(desired.next()));
    const auto addresses = ip(applier, {"-brief", "address", "show", "wg0"});
    CHECK(addresses.find("10.9.0.1/24") != std::string::npos);
    CHECK(addresses.find("10.8.0.1") == std::string::npos);
    CHECK(ip(applier, {"link", "show", "wg0"}).find("mtu 1380") != std::string::npos);
    CHECK(ip(applier, {"route", "show", "dev", "wg0"}).find("192.168.7.0/24") != std::string::npos);
    desired.erase(parameters_path, "route/1");
    require_applied(applier.apply(desired.next()));
    CHECK(ip(applier, {"route", "show", "dev", "wg0"}).find("192.168.7.0/24") == std::string::npos);

    const auto live = applier.live();
    REQUIRE(live.size() == 5);  // a table each
    const auto transfer = nlohmann::json::parse(live.front())["live"];
    CHECK(transfer["table"] == "transfer");
    CHECK(transfer["rows"].size() == 2);
    CHECK(transfer["rows"][0][1] == 0);
    CHECK(applier.live().empty());

    CHECK(applier.status() == status);  // the same program in the same namespace all along
}

TEST_CASE("one changed peer of a thousand") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(1000);
    auto& [folder, applier, desired] = tunnel;
    for (unsigned i = 0; i < 5; ++i) {
        set_peer(desired, 500, fmt::format("10.99.0.{}", i));
        require_applied(applier.apply(desired.next()));
    }
    const auto peers = wg(applier, "peers");
    CHECK(std::count(peers.begin(), peers.end(), '\n') == 1000);
    CHECK(inside(applier, {*find_program("wg", {}), "show", "wg0", "dump"}).find("10.99.0.3/32") ==
          std::string::npos);
}

TEST_CASE("the firewall is told of what changed, and of everything where that is no use") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(3);
    auto& [folder, applier, desired] = tunnel;
    const auto nft = *find_program("nft", {});
    const auto chain = [&] { return inside(applier, {nft, "list", "chain", "inet", "pic", "input"}); };
    const auto trusted = [&](const std::string& address) {
        return inside(applier, {nft, "get", "element", "inet", "pic", "trusted4", "{ " + address + " }"})
            .contains("elements");
    };
    // A rule by hand is what a load of the whole file would throw away.
    inside(applier, {nft, "add", "rule", "inet", "pic", "input", "counter"});

    set_peer(desired, 1, "10.8.7.7");
    desired.erase("wg0.conf", "peer/00002").erase("cell.nft", "peer/00002");
    set_peer(desired, 3, "10.8.0.9");
    require_applied(applier.apply(desired.next()));
    CHECK(trusted("10.8.0.2"));
    CHECK(trusted("10.8.7.7"));
    CHECK(trusted("10.8.0.9"));
    CHECK_FALSE(trusted("10.8.0.3"));
    CHECK_FALSE(trusted("10.8.0.4"));
    CHECK(chain().contains("counter"));

    SECTION("what nft(8) finds otherwise than it was left is put right by the whole file") {
        inside(applier, {nft, "delete", "element", "inet", "pic", "trusted4", "{ 10.8.7.7 }"});
        set_peer(desired, 1, "10.8.7.8");
    }
    SECTION("a line that cannot be taken back") {
        desired.set("cell.nft", "rule/1", "add rule inet pic input iif lo accept\n");
    }
    require_applied(applier.apply(desired.next()));
    CHECK_FALSE(chain().contains("counter"));
    CHECK(trusted("10.8.0.9"));
}

TEST_CASE("a configuration that wg would misread is refused and the tunnel stays") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(3);
    auto& [folder, applier, desired] = tunnel;
    const auto before = wg(applier, "allowed-ips");

    set_peer(desired, 1, "10.8.0.2");  // peer 0's
    const auto report = applier.apply(desired.next());
    CHECK(report.state == ApplyState::refused);
    CHECK(report.step == "validate");
    CHECK(report.detail.find("a network that is peer 1's already") != std::string::npos);
    CHECK(report.applied == Sequence{1});
    CHECK(wg(applier, "allowed-ips") == before);
}

TEST_CASE("what wg itself refuses leaves the tunnel as it was") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(2);
    auto& [folder, applier, desired] = tunnel;
    const auto before = wg(applier, "allowed-ips");
    desired.set("wg0.conf", "peer/00001",
                fmt::format("\n[Peer]\nPublicKey = {}\nAllowedIPs = 10.8.0.9/32\nEndpoint = nowhere\n",
                            key_of("peer1")));
    const auto report = applier.apply(desired.next());
    CHECK(report.state == ApplyState::refused);
    CHECK(report.step == "reload");
    CHECK(report.applied == Sequence{1});
    CHECK(wg(applier, "allowed-ips") == before);
}

TEST_CASE("a wireguard program that dies is started again and told everything anew") {
    if (!wireguard_possible()) return;
    const TempFolder folder("/dev/shm");
    auto options = options_for("wireguard", folder.path());
    std::atomic<bool> restarted = false;
    options.program_restarted = [&] { restarted = true; };
    Applier applier(std::move(options));
    Desired desired("wireguard");
    set_wireguard(desired, 3);
    require_applied(applier.apply(desired.next()));
    const auto program = nlohmann::json::parse(applier.status())["programs"][0];
    if (program["kernel"] == true) return;
    REQUIRE(::kill(program["pid"].get<pid_t>(), SIGKILL) == 0);
    REQUIRE(eventually([&] { return restarted.load(); }));
    require_applied(applier.resume());
    CHECK(wg(applier, "allowed-ips").find("10.8.0.4/32") != std::string::npos);
    CHECK(ip(applier, {"-brief", "address", "show", "wg0"}).find("10.8.0.1/16") != std::string::npos);
}

TEST_CASE("secrets are sealed on the disk and for the user alone on the tmpfs") {
    if (!wireguard_possible()) return;
    Tunnel tunnel(1);
    auto& [folder, applier, desired] = tunnel;
    std::ifstream journal(folder.path() / "data/journal", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(journal), {}};
    CHECK(text.size() > 200);
    CHECK(text.find(key_of("server")) == std::string::npos);
    struct stat status{};
    REQUIRE(::stat((folder.path() / "memory/files/live/wg0.conf").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(::stat((folder.path() / "data/journal").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    std::ifstream live(folder.path() / "memory/files/live/wg0.conf");
    const std::string written{std::istreambuf_iterator<char>(live), {}};
    CHECK(written.find("Address") == std::string::npos);  // wg-quick's
    CHECK(written.find("AllowedIPs") != std::string::npos);
}

TEST_CASE("the own check of wg0.conf") {
    const auto conf = [](const std::string& peers) {
        return "[Interface]\nPrivateKey = " + key_of("s") + "\nListenPort = 51820\n" + peers;
    };
    const auto peer = [](const std::string& key, const std::string& rest) {
        return "[Peer]\nPublicKey = " + key + "\n" + rest;
    };
    CHECK(check_wireguard(conf("")));
    CHECK(check_wireguard(
        conf(peer(key_of("a"), "AllowedIPs = 10.0.0.1/32, fd00::1/128\nPersistentKeepalive = 25\n"))));
    CHECK(check_wireguard(conf(peer(key_of("a"), "AllowedIPs = \n"))));
    const auto refused = [](const std::string& text) {
        const auto checked = check_wireguard(text);
        return checked ? std::string() : checked.error().detail;
    };
    CHECK(refused("") == "there is not exactly one [Interface]");
    CHECK(refused(conf("[Interface]\n")) == "there is not exactly one [Interface]");
    CHECK(refused(conf("[Other]\n")) == "line 4: an unknown section");
    CHECK(refused("PrivateKey = x\n") == "line 1: a setting before any section");
    CHECK(refused(conf("[Peer]\nAllowedIPs = 10.0.0.1/32\n")).find("no PublicKey") != std::string::npos);
    CHECK(refused(conf(peer("c2hvcnQ=", ""))) == "line 5: PublicKey is no key");
    CHECK(refused(conf(peer(key_of("a"), "") + peer(key_of("a"), ""))) == "line 7: the key of peer 1 again");
    CHECK(refused(conf(peer(key_of("a"), "AllowedIPs = 10.0.0.300/32\n"))).find("no list") !=
          std::string::npos);
    CHECK(refused(conf(peer(key_of("a"), "AllowedIPs = 10.0.0.1/33\n"))).find("no list") !=
          std::string::npos);
    CHECK(refused(conf(peer(key_of("a"), "AllowedIPs = 10.1.2.3/24\n") +
                       peer(key_of("b"), "AllowedIPs = 10.1.2.9/24\n"))) ==
          "line 9: a network that is peer 1's already");
    CHECK(refused(conf(peer(key_of("a"), "PostUp = rm\n"))).find("unknown setting") != std::string::npos);
    // A complaint never repeats a key.
    CHECK(refused(conf(peer(key_of("a"), "PresharedKey = " + key_of("b") + "x\n"))) ==
          "line 6: PresharedKey is no key");
}

TEST_CASE("how long one changed peer of a thousand takes", "[.bench]") {
    const TempFolder folder("/dev/shm");
    auto options = options_for("wireguard", folder.path());
    std::vector<std::pair<std::string, std::chrono::steady_clock::time_point>> marks;
    options.step = [&](std::string_view step) { marks.emplace_back(step, std::chrono::steady_clock::now()); };
    Applier applier(std::move(options));
    Desired desired("wireguard");
    set_wireguard(desired, 1000);
    require_applied(applier.apply(desired.next()));
    const auto holder = std::to_string(nlohmann::json::parse(applier.status())["namespace_pid"].get<pid_t>());
    const auto nsenter = *find_program("nsenter", {});
    const auto conf = (folder.path() / "memory/files/live/wg0.conf").string();
    const auto us = [](auto a, auto b) {
        return std::chrono::duration_cast<std::chrono::microseconds>(b - a).count();
    };
    for (unsigned i = 0; i < 12; ++i) {
        set_peer(desired, 500, fmt::format("10.99.0.{}", i));
        const auto next = desired.next();
        marks.clear();
        const auto begun = std::chrono::steady_clock::now();
        const auto report = applier.apply(next);
        const auto ended = std::chrono::steady_clock::now();
        require_applied(report);
        (void)run(
            {.argv = {nsenter, "-t", holder, "-n", "-m", *find_program("wg", {}), "syncconf", "wg0", conf}},
            std::chrono::seconds(5));
        const auto plain = std::chrono::steady_clock::now();
        std::string line =
            fmt::format("apply {} us, plain syncconf {} us:", us(begun, ended), us(ended, plain));
        for (std::size_t m = 0; m < marks.size(); ++m) {
            line += fmt::format(" {} {}", marks[m].first,
                                us(marks[m].second, m + 1 < marks.size() ? marks[m + 1].second : ended));
        }
        std::puts(line.c_str());
    }
}
