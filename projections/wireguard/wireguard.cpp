#include "projections/wireguard/wireguard.hpp"

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/peers/peers.hpp"
#include "projections/wireguard/firewall.hpp"
#include "projections/world.hpp"

namespace pic::wireguard {
namespace {

constexpr std::uint16_t mtu_least = 1280, mtu_most = 9000;

ResourceName resource() { return {"wireguard", "", std::string(stream)}; }

Result<void> check(const Settings<Plain>& s) {
    const auto invalid = [](const char* pointer, std::string detail) {
        return reject("invalid_field", detail, {{pointer, detail}});
    };
    if (s.listen_port == 0) return invalid("/listen_port", "a port is a number from 1 to 65535");
    if (s.mtu < mtu_least || s.mtu > mtu_most) {
        return invalid("/mtu", fmt::format("the MTU is a number from {} to {}", mtu_least, mtu_most));
    }
    return {};
}

Nodes interface_section(const World& world) {
    const auto& wg = world.get<Service>().wireguard;
    const auto& c = world.get<cell::Service>().cell.settings;
    Nodes nodes;
    nodes.emplace_back(fmt::format(
        "[Interface]\nAddress = {}/{}, {}/{}\nListenPort = {}\nMTU = {}\nPrivateKey = ",
        to_string(cell::server_address(c)), c.vpn_range.prefix, to_string(cell::server_address6(c)),
        c.vpn_range6.prefix, wg.settings.listen_port, wg.settings.mtu));
    nodes.emplace_back(*wg.private_key_ref);
    nodes.emplace_back(std::string("\n"));
    return nodes;
}

Nodes peer_section(const peers::Peer& peer) {
    Nodes nodes;
    std::string text = fmt::format("\n[Peer]\nPublicKey = {}\n", to_string(peer.settings.public_key));
    if (peer.preshared_key_ref) {
        nodes.emplace_back(text + "PresharedKey = ");
        nodes.emplace_back(*peer.preshared_key_ref);
        text = "\n";
    }
    text += fmt::format("AllowedIPs = {}/32, {}/128", to_string(peer.settings.address),
                        to_string(peer.settings.address6));
    for (const auto& lan : peer.settings.lans) text += ", " + to_string(lan);
    nodes.emplace_back(text + "\n");
    return nodes;
}

std::string lans_text(const peers::Peer& peer) {
    std::string text;
    for (const auto& lan : peer.settings.lans) text += (text.empty() ? "" : " ") + to_string(lan);
    return text;
}

bool same_interface(const World& a, const World& b) {
    const auto& x = a.get<cell::Service>().cell.settings;
    const auto& y = b.get<cell::Service>().cell.settings;
    return a.get<Service>().wireguard.version == b.get<Service>().wireguard.version &&
           x.vpn_range == y.vpn_range && x.vpn_range6 == y.vpn_range6;
}

}  // namespace

void prepare(RotateWireguard& command, Supply& supply) {
    auto pair = supply.wireguard_key_pair(std::string(subject));
    command.public_key = pair.public_key;
    command.private_key_ref = std::move(pair.private_key);
}

Result<Decision> decide(const World& world, const ChangeWireguard& command) {
    const auto& before = world.get<Service>().wireguard.settings;
    auto after = before;
    apply_patch(after, command.changes);
    if (auto ok = check(after); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = resource();
    const WireguardChanged changed{difference<Settings>(before, after)};
    if (!is_empty<Settings>(changed.changes)) decision.emit(std::string(stream), changed);
    return decision;
}

Result<Decision> decide(const World&, const RotateWireguard& command) {
    Decision decision;
    decision.resource = resource();
    decision.emit(std::string(stream), WireguardKeysSet{command.public_key, command.private_key_ref});
    return decision;
}

void evolve(State& state, const WireguardKeysSet& event, const Meta& meta) {
    state.wireguard.public_key = event.public_key;
    state.wireguard.private_key_ref = event.private_key_ref;
    state.wireguard.version = meta.version;
}

void evolve(State& state, const WireguardChanged& event, const Meta& meta) {
    apply_patch(state.wireguard.settings, event.changes);
    state.wireguard.version = meta.version;
}

void render(Service, const World* before, const World& now, Renderer& out) {
    const auto& wg = now.get<Service>().wireguard;
    if (!wg.private_key_ref) return;  // before the cell is set up there is no interface
    const bool first = before == nullptr || !before->get<Service>().wireguard.private_key_ref;
    if (first || !same_interface(*before, now)) {
        out.put(config_path, "0", interface_section(now));
        const auto& c = now.get<cell::Service>().cell.settings;
        out.parameter("addresses",
                      fmt::format("{}/{} {}/{}", to_string(cell::server_address(c)), c.vpn_range.prefix,
                                  to_string(cell::server_address6(c)), c.vpn_range6.prefix));
        out.parameter("dns_addresses", fmt::format("{} {}", to_string(cell::server_address(c)),
                                                   to_string(cell::server_address6(c))));
        out.parameter("mtu", std::to_string(wg.settings.mtu));
        out.parameter("listen_port", std::to_string(wg.settings.listen_port));
        out.parameter("public_key", to_string(*wg.public_key));
    }
    put_firewall(first ? nullptr : before, now, out);
    const auto& peers = now.get<peers::Service>().peers;
    Renderer::each(first ? nullptr : &before->get<peers::Service>().peers, peers, false,
                   [&](const Uuid& id, const peers::Peer* peer) {
                       const auto key = "peer/" + to_string(id);
                       const auto route = "route/" + to_string(id);
                       const bool there = peer != nullptr && peer->settings.enabled;
                       if (there) {
                           out.put(config_path, key, peer_section(*peer));
                       } else {
                           out.remove(config_path, key);
                       }
                       // Inside the VPN range the interface's own network leads the way; to a peer's LANs a
                       // route does.
                       if (there && !peer->settings.lans.empty()) {
                           out.parameter(route, lans_text(*peer));
                       } else {
                           out.remove(parameters_path, route);
                       }
                   });
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    const auto changes =
        difference<Settings>(now.get<Service>().wireguard.settings, target.get<Service>().wireguard.settings);
    if (out.wants(stream) && !is_empty<Settings>(changes))
        out.add(std::string(stream), ChangeWireguard{changes});
}

void go_forward(Service, const World& restored, Forwarder& out) {
    if (out.lacks(restored.get<Service>().wireguard.private_key_ref)) out.add(RotateWireguard{});
}

std::string pushed_dns(const World& world) {
    const auto& dns = world.get<Service>().wireguard.settings.dns;
    if (!dns) {
        const auto& c = world.get<cell::Service>().cell.settings;
        return fmt::format("{}, {}, {}", to_string(cell::server_address(c)),
                           to_string(cell::server_address6(c)), c.domain.text);
    }
    std::string text;
    for (const auto& address : *dns) text += (text.empty() ? "" : ", ") + address.address;
    return text;
}

}  // namespace pic::wireguard
