#include "projections/peers/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/dispatch.hpp"
#include "projections/dns/dns.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::peers {
namespace {

constexpr std::size_t networks_limit = 64;  ///< of allowed_ips and of lans

const cell::Settings<Plain>& cell_of(const World& world) { return world.get<cell::Service>().cell.settings; }

/// Whether `key` has an owner in the index that is somebody else and is to keep it.
template <class Index, class Key>
bool taken(const Index& index, const Key& key, const Candidate& peer) {
    const auto* owner = index.find(key);
    return owner != nullptr && *owner != peer.id && !is_moving(peer.moving, stream_of(*owner));
}

Result<void> check_name(const World& world, const Candidate& peer) {
    const auto& name = peer.settings.name.text;
    if (taken(world.get<Service>().by_name, name, peer)) {
        return reject_at("name_taken", "/name", fmt::format("another peer is called {}", name));
    }
    if (dns::name_in_use(world, name, peer.moving)) {
        return reject_at("name_taken", "/name",
                         fmt::format("{} is a name of the cell itself or of a DNS record", name));
    }
    return {};
}

Result<void> check_address(const World& world, const Candidate& peer) {
    const auto& range = cell_of(world).vpn_range;
    const auto address = peer.settings.address;
    const auto text = to_string(address);
    if (!range.contains(address)) {
        return invalid_field("/address",
                             fmt::format("{} is not in the VPN range {}", text, to_string(range)));
    }
    if (address == range.network)
        return invalid_field("/address", fmt::format("{} is the address of the network itself", text));
    if (address == range.broadcast())
        return invalid_field("/address", fmt::format("{} is the broadcast address", text));
    if (address == cell::server_address(cell_of(world))) {
        return invalid_field("/address", fmt::format("{} is the server's own address", text));
    }
    if (taken(world.get<Service>().by_address, address, peer)) {
        return reject_at("address_taken", "/address", fmt::format("another peer has the address {}", text));
    }
    return {};
}

Result<void> check_address6(const World& world, const Candidate& peer) {
    const auto& range = cell_of(world).vpn_range6;
    const auto& address = peer.settings.address6;
    const auto text = to_string(address);
    if (!range.contains(address) || address == range.network) {
        return invalid_field("/address6",
                             fmt::format("{} is not a host's address in {}", text, to_string(range)));
    }
    if (address == cell::server_address6(cell_of(world))) {
        return invalid_field("/address6", fmt::format("{} is the server's own address", text));
    }
    if (taken(world.get<Service>().by_address6, address, peer)) {
        return reject_at("address_taken", "/address6", fmt::format("another peer has the address {}", text));
    }
    return {};
}

/// Keys are never exchanged in a restore, so nobody's is about to be free.
Result<void> check_key(const World& world, const Candidate& peer) {
    const auto* owner = world.get<Service>().by_key.find(peer.settings.public_key);
    if (owner != nullptr && *owner != peer.id)
        return reject_at("key_taken", "/public_key", "another peer has this public key");
    if (world.get<wireguard::Service>().wireguard.public_key == peer.settings.public_key) {
        return reject_at("key_taken", "/public_key", "this is the public key of the cell itself");
    }
    return {};
}

/// What keeps a network from lying behind a peer, or nothing.
std::optional<std::string> lan_fault(const World& world, const Cidr& lan) {
    const auto& c = cell_of(world);
    if (lan.v6 ? lan.six.overlaps(c.vpn_range6) : lan.four.overlaps(c.vpn_range)) {
        return fmt::format("{} overlaps the VPN's own range: the tunnel would lead into itself",
                           to_string(lan));
    }
    if (!lan.v6 && c.lan_range && lan.four.overlaps(*c.lan_range)) {
        return fmt::format("{} overlaps the cell's own LAN {}", to_string(lan), to_string(*c.lan_range));
    }
    return std::nullopt;
}

Result<void> check_lans(const World& world, const Candidate& peer) {
    const auto& lans = peer.settings.lans;
    if (lans.size() > networks_limit)
        return invalid_field("/lans", fmt::format("at most {} networks are taken", networks_limit));
    for (std::size_t i = 0; i < lans.size(); ++i) {
        const auto pointer = fmt::format("/lans/{}", i);
        if (auto fault = lan_fault(world, lans[i])) return invalid_field(pointer, std::move(*fault));
        const auto here = lans.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(lans.begin(), here, lans[i]) != here)
            return invalid_field(pointer, "this network is there twice");
        if (taken(world.get<Service>().by_lan, to_string(lans[i]), peer)) {
            return reject_at("network_taken", pointer,
                             fmt::format("{} lies behind another peer", to_string(lans[i])));
        }
    }
    return {};
}

Result<void> check_services(const Settings<Plain>& s) {
    if (!s.services) return {};
    for (std::size_t i = 0; i < s.services->size(); ++i) {
        const auto& name = (*s.services)[i].text;
        if (!is_rendering_service(name))
            return invalid_field(fmt::format("/services/{}", i),
                                 fmt::format("there is no service '{}'", name));
    }
    return {};
}

}  // namespace

Result<void> check(const World& world, const Candidate& peer) {
    const auto& s = peer.settings;
    const auto* before = peer.before;
    Result<void> ok;
    if (before == nullptr || before->name != s.name) ok = check_name(world, peer);
    if (ok && (before == nullptr || before->address != s.address)) ok = check_address(world, peer);
    if (ok && (before == nullptr || before->address6 != s.address6)) ok = check_address6(world, peer);
    if (ok && (before == nullptr || before->public_key != s.public_key)) ok = check_key(world, peer);
    if (ok && (before == nullptr || before->lans != s.lans)) ok = check_lans(world, peer);
    if (ok && (before == nullptr || before->services != s.services)) ok = check_services(s);
    if (ok && s.allowed_ips.size() > networks_limit) {
        ok = invalid_field("/allowed_ips", fmt::format("at most {} networks are taken", networks_limit));
    }
    return ok;
}

Result<void> check_expiry(const Settings<Patch>& changes, Timestamp now) {
    const auto& expiry = changes.expires_at;
    if (!expiry.present || !expiry.value || *expiry.value > now) return {};
    return invalid_field("/expires_at", "this time has passed already");
}

}  // namespace pic::peers
