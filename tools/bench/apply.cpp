#include "tools/bench/apply.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "adapters/agent/applier.hpp"
#include "adapters/agent/namespace.hpp"
#include "schema/sha256.hpp"
#include "tools/bench/samples.hpp"

namespace pic::bench {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds poll{2};

template <class T>
T need(Result<T> made) {
    if (!made) throw std::runtime_error(made.error().detail);
    return *std::move(made);
}

template <class F>
double timed(F&& work) {
    const auto begin = Clock::now();
    work();
    return microseconds(Clock::now() - begin);
}

/// 32 bytes that depend on the seed, as WireGuard writes keys.
std::string key_of(const std::string& seed) {
    const auto digest = sha256(seed);
    std::string text(sodium_base64_encoded_len(digest.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();
    return text;
}

std::string interface_text() {
    return fmt::format("[Interface]\nPrivateKey = {}\nListenPort = 51820\n", key_of("server"));
}

/// `move`: which address the peer has by now.
std::string address_of(unsigned number, unsigned move) {
    return fmt::format("10.{}.{}.{}", 8 + move, (number + 2) >> 8 & 255, (number + 2) & 255);
}

std::string peer_text(unsigned number, unsigned move) {
    return fmt::format("\n[Peer]\nPublicKey = {}\nAllowedIPs = {}/32, fd00:8::{:x}/128\n",
                       key_of(fmt::format("peer{}", number)), address_of(number, move), number + 2);
}

/// The sets of the cell's firewall, and what a peer who may do what peers may has in them.
constexpr char firewall_text[] = R"(table inet pic
delete table inet pic
table inet pic {
    set internet4 { type ipv4_addr; }
    set internet6 { type ipv6_addr; }
    set trusted4 { type ipv4_addr; }
    set trusted6 { type ipv6_addr; }
    chain input {
        type filter hook input priority filter; policy accept;
        iifname "wg0" ip saddr @internet4 accept
        iifname "wg0" ip6 saddr @internet6 accept
    }
}
)";
std::string firewall_lines(unsigned number, unsigned move) {
    return fmt::format(
        "add element inet pic internet4 {{ {0} }}\nadd element inet pic trusted4 {{ {0} }}\n"
        "add element inet pic internet6 {{ fd00:8::{1:x} }}\n"
        "add element inet pic trusted6 {{ fd00:8::{1:x} }}\n",
        address_of(number, move), number + 2);
}

std::string program(std::string_view name) {
    auto path = agent::find_program(name, {});
    if (!path) throw std::runtime_error(fmt::format("{} is not installed", name));
    return *path;
}

/// WireGuard as a script would run it.
class PlainWireguard {
  public:
    PlainWireguard(std::filesystem::path folder, unsigned peers)
        : folder_(std::move(folder)),
          space_(need(agent::Namespace::make({"/var/run/wireguard"}, {folder_}))) {
        write("before.conf", peers, 0);
        write("after.conf", peers, 1);
        up();
    }

    /// One changed peer: the two files differ in it.
    void syncconf() {
        is_after_ = !is_after_;
        wg({"syncconf", "wg0", conf()});
    }
    void down_up() {
        down();
        up();
    }

  private:
    void write(const std::string& name, unsigned peers, unsigned move) {
        std::ofstream out(folder_ / name);
        out << interface_text();
        for (unsigned i = 0; i < peers; ++i) out << peer_text(i, i == peers / 2 ? move : 0);
    }
    [[nodiscard]] std::string conf() const { return folder_ / (is_after_ ? "after.conf" : "before.conf"); }

    agent::Ran run(std::vector<std::string> argv) {
        return agent::run({.argv = std::move(argv), .space = &space_}, patience);
    }
    void must(std::vector<std::string> argv) {
        const auto ran = run(std::move(argv));
        if (!ran.ok()) throw std::runtime_error("WireGuard: " + ran.output);
    }
    void wg(std::vector<std::string> argv) {
        argv.insert(argv.begin(), wg_);
        must(std::move(argv));
    }
    void ip(std::vector<std::string> argv) {
        argv.insert(argv.begin(), ip_);
        must(std::move(argv));
    }

    void up() {
        const agent::Fd silence(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        child_ = std::make_unique<agent::Child>(
            agent::Command{
                .argv = {go_, "-f", "wg0"},
                .environment = {"LOG_LEVEL=error", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1"},
                .space = &space_},
            silence.get());
        const auto deadline = Clock::now() + patience;
        while (!run({wg_, "show", "wg0", "listen-port"}).ok()) {
            if (Clock::now() > deadline) throw std::runtime_error("wireguard-go does not come up");
            std::this_thread::sleep_for(poll);
        }
        wg({"setconf", "wg0", conf()});
        ip({"address", "add", "10.8.0.1/16", "dev", "wg0"});
        ip({"link", "set", "wg0", "up"});
    }
    void down() {
        ip({"link", "del", "wg0"});
        child_->wait();
    }

    std::filesystem::path folder_;
    agent::Namespace space_;
    std::string wg_ = program("wg"), ip_ = program("ip"), go_ = program("wireguard-go");
    bool is_after_ = false;
    std::unique_ptr<agent::Child> child_;
};

/// What the controller would have the agent hold.
class Desired {
  public:
    explicit Desired(unsigned peers) {
        content_.revision = {Uuid{{1}}, Epoch{1}, Sequence{0}};
        set("wg0.conf", "0", interface_text());
        set("cell.nft", "0-table", firewall_text);
        set(parameters_path, "addresses", "10.8.0.1/16 fd00:8::1/64");
        set(parameters_path, "mtu", "1420");
        for (unsigned i = 0; i < peers; ++i) set_peer(i, 0);
    }
    void set_peer(unsigned number, unsigned move) {
        set("wg0.conf", fmt::format("peer/{:05}", number), peer_text(number, move));
        set("cell.nft", fmt::format("peer/{:05}", number), firewall_lines(number, move));
    }
    const agent::Content& next() {
        content_.revision.sequence = content_.revision.sequence.next();
        return content_;
    }

  private:
    void set(const std::string& path, const std::string& key, const std::string& text) {
        content_.files[path].assign(key, {fragment_digest({text}), text});
    }
    agent::Content content_;
};

void require_applied(const Report& report) {
    if (report.state != ApplyState::applied)
        throw std::runtime_error(fmt::format("not applied, {}: {}", report.step, report.detail));
}

}  // namespace

std::string apply_one_peer(const ApplyOptions& options) {
    const auto agent_folder = options.folder / "agent", plain_folder = options.folder / "plain";
    std::filesystem::create_directories(agent_folder / "data");
    std::filesystem::create_directories(plain_folder);
    agent::ApplierOptions told;
    told.spec = need(agent::load_adapter(options.adapter));
    told.data = agent_folder / "data";
    told.memory = agent_folder / "memory";
    told.state = agent_folder / "state";
    told.key = need(agent::load_or_make_seal_key(agent_folder / "key"));
    agent::Applier applier(std::move(told));
    Desired desired(options.peers);
    require_applied(applier.apply(desired.next()));
    PlainWireguard plain(plain_folder, options.peers);

    std::vector<double> apply, syncconf, down_up;
    for (int round = 0; round < options.rounds; ++round) {
        desired.set_peer(options.peers / 2, static_cast<unsigned>(round % 2) + 1);
        const auto& content = desired.next();
        apply.push_back(timed([&] { require_applied(applier.apply(content)); }));
        syncconf.push_back(timed([&] { plain.syncconf(); }));
        down_up.push_back(timed([&] { plain.down_up(); }));
    }
    return json({{"apply", apply}, {"syncconf", syncconf}, {"down_up", down_up}});
}

}  // namespace pic::bench
