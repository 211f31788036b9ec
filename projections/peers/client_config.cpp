#include <fmt/format.h>

#include "projections/peers/peers.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::peers {

Nodes client_config(const World& world, const Peer& peer) {
    const auto& c = world.get<cell::Service>().cell.settings;
    const auto& wg = world.get<wireguard::Service>().wireguard;
    Nodes nodes;
    nodes.emplace_back("[Interface]\nPrivateKey = ");
    if (peer.private_key_ref) {
        nodes.emplace_back(*peer.private_key_ref);
    } else {
        nodes.emplace_back(std::string("<the private key of this device>"));
    }
    std::string text = fmt::format("\nAddress = {}/32, {}/128\n", to_string(peer.settings.address),
                                   to_string(peer.settings.address6));
    text += "DNS = " + wireguard::pushed_dns(world) + "\n";
    text += fmt::format("MTU = {}\n\n[Peer]\nPublicKey = {}\n", wg.settings.mtu,
                        wg.public_key ? to_string(*wg.public_key) : "");
    if (peer.preshared_key_ref) {
        nodes.emplace_back(text + "PresharedKey = ");
        nodes.emplace_back(*peer.preshared_key_ref);
        text = "\n";
    }
    text += "AllowedIPs = ";
    if (!peer.settings.allowed_ips.empty()) {
        for (std::size_t i = 0; i < peer.settings.allowed_ips.size(); ++i) {
            text += (i == 0 ? "" : ", ") + to_string(peer.settings.allowed_ips[i]);
        }
    } else if (peer.settings.internet) {
        text += "0.0.0.0/0, ::/0";
    } else {
        text += to_string(c.vpn_range) + ", " + to_string(c.vpn_range6);
    }
    if (c.endpoint) text += "\nEndpoint = " + to_string(*c.endpoint);
    const auto keepalive = peer.settings.keepalive.value_or(wg.settings.keepalive);
    if (keepalive != 0) text += fmt::format("\nPersistentKeepalive = {}", keepalive);
    nodes.emplace_back(text + "\n");
    return nodes;
}

}  // namespace pic::peers
