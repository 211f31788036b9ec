#include "agent/support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "adapters/agent/namespace.hpp"
#include "schema/sha256.hpp"

namespace pic::agent::test {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds patience{5};

#ifdef __SANITIZE_THREAD__
// To the fork of a process of one thread TSan adds a thread of its own, and a process of two may enter no
// user namespace (setns(2)). To that of a process of several, as the agent is, it adds none.
const std::jthread another([](const std::stop_token& ended) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, ended, [] { return false; });
});
#endif

HeldFragment fragment(const std::string& text) { return {fragment_digest({text}), text}; }

}  // namespace

Desired& Desired::set(const std::string& path, const std::string& key, const std::string& text) {
    content_.files[path].assign(key, fragment(text));
    return *this;
}

Desired& Desired::erase(const std::string& path, const std::string& key) {
    content_.files[path].erase(key);
    return *this;
}

Desired& Desired::erase(const std::string& path) {
    content_.files.erase(path);
    return *this;
}

Desired& Desired::enable(bool enabled) {
    content_.enabled = enabled;
    return *this;
}

Content Desired::next() {
    content_.revision.sequence = content_.revision.sequence.next();
    return content_;
}

void set_zone(Desired& desired, const std::string& origin, unsigned serial, unsigned count) {
    const auto path = fmt::format("zones/{}.zone", origin);
    desired.set(path, "0",
                fmt::format("$ORIGIN {0}.\n@ 300 IN SOA ns.{0}. hostmaster.{0}. {1} 3600 600 86400 300\n"
                            "@ 300 IN NS ns\nns 300 IN A 10.8.0.1\n",
                            origin, serial));
    for (unsigned i = 0; i < count; ++i) {
        desired.set(path, fmt::format("record/{}", i),
                    fmt::format("h{} 300 IN A 10.0.{}.{}\n", i, i >> 8 & 255, i & 255));
    }
    desired.set(parameters_path, "zone/" + origin, std::to_string(serial));
}

void set_corefile(Desired& desired, const std::string& extra) {
    desired.set("Corefile", "0",
                ".:{$PIC_DNS_PORT} {\n    bind {$PIC_DNS_BIND}\n    errors\n    acl {\n        allow net "
                "127.0.0.0/8\n"
                "        block\n    }\n    zones {$PIC_LIVE}/zones\n" +
                    extra + "}\n");
}

std::string key_of(const std::string& seed) {
    Sha256 hash;
    auto digest = hash.update(seed).finish();
    std::string text(sodium_base64_encoded_len(digest.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();
    return text;
}

void set_wireguard(Desired& desired, unsigned count) {
    desired.set(
        "wg0.conf", "interface",
        fmt::format("[Interface]\nPrivateKey = {}\nAddress = 10.8.0.1/16, fd00:8::1/64\nListenPort = 51820\n",
                    key_of("server")));
    desired.set("cell.nft", "0-table",
                "table inet pic\ndelete table inet pic\n"
                "table inet pic {\n    set trusted4 { type ipv4_addr; }\n"
                "    chain input { type filter hook input priority filter; policy accept; }\n}\n");
    desired.set(parameters_path, "addresses", "10.8.0.1/16 fd00:8::1/64").set(parameters_path, "mtu", "1420");
    for (unsigned i = 0; i < count; ++i)
        set_peer(desired, i, fmt::format("10.8.{}.{}", (i + 2) >> 8 & 255, (i + 2) & 255));
}

void set_peer(Desired& desired, unsigned number, const std::string& address) {
    desired.set("wg0.conf", fmt::format("peer/{:05}", number),
                fmt::format("\n[Peer]\nPublicKey = {}\nAllowedIPs = {}/32, fd00:8::{:x}/128\n",
                            key_of(fmt::format("peer{}", number)), address, number + 2));
    desired.set("cell.nft", fmt::format("peer/{:05}", number),
                fmt::format("add element inet pic trusted4 {{ {} }}\n", address));
}

ApplierOptions options_for(const std::string& service, const fs::path& folder, const Parameters& overrides) {
    auto spec = load_adapter(fs::path(PIC_SOURCE_DIR) / "adapters" / service / "adapter.json");
    INFO((spec ? "" : spec.error().detail));
    REQUIRE(spec);
    fs::create_directories(folder / "data");
    auto key = load_or_make_seal_key(folder / "key");
    REQUIRE(key);
    ApplierOptions options;
    options.spec = std::move(*spec);
    options.data = folder / "data";
    options.memory = folder / "memory";
    options.state = folder / "state";
    options.key = *key;
    options.overrides = overrides;
    options.program_folders = {PIC_SOURCE_DIR "/build/coredns"};
    return options;
}

void require_applied(const Report& report) {
    INFO(report.step << ": " << report.detail);
    REQUIRE(report.state == ApplyState::applied);
    REQUIRE(report.applied == report.revision.sequence);
    REQUIRE(report.healthy);
}

std::string free_port() {
    while (true) {
        const Fd tcp(::socket(AF_INET, SOCK_STREAM, 0));
        const Fd udp(::socket(AF_INET, SOCK_DGRAM, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        REQUIRE(::bind(udp.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
        REQUIRE(::getsockname(udp.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
        if (::bind(tcp.get(), reinterpret_cast<sockaddr*>(&at), size) == 0)
            return std::to_string(ntohs(at.sin_port));
    }
}

std::string dig(const std::string& port, const std::string& name, const std::string& type) {
    const auto program = find_program("dig", {});
    REQUIRE(program);
    const auto ran =
        run({.argv = {*program, "+short", "+tries=1", "+time=1", "@127.0.0.1", "-p", port, name, type}},
            patience);
    const auto line = ran.output.substr(0, ran.output.find('\n'));
    return line.starts_with(";") ? "" : line;
}

bool wireguard_possible() {
    if (!find_program("wg", {}) || !find_program("wireguard-go", {}) ||
        ::access("/dev/net/tun", R_OK | W_OK) != 0) {
        WARN("WireGuard cannot be run here: wireguard-tools, wireguard-go and /dev/net/tun are needed");
        return false;
    }
    if (const auto space = Namespace::make({}, {}); !space) {
        WARN("WireGuard cannot be run here: " << space.error().detail);
        return false;
    }
    return true;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace pic::agent::test
