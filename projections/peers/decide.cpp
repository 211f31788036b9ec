#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/peers/peers.hpp"
#include "projections/world.hpp"

namespace pic::peers {
namespace {

constexpr std::uint64_t first_host = 2;  ///< 0 is the network, 1 the server

const cell::Settings<Plain>& cell_of(const World& world) { return world.get<cell::Service>().cell.settings; }

std::uint64_t host_number(const Cidr4& range, Ipv4 address) { return address.bits - range.network.bits; }

std::unexpected<Rejection> invalid(std::string pointer, std::string detail) {
    return reject("invalid_field", detail, {{std::move(pointer), detail}});
}
std::unexpected<Rejection> taken(std::string code, std::string pointer, std::string detail) {
    return reject(std::move(code), detail, {{std::move(pointer), detail}});
}

Result<const Peer*> existing(const World& world, const Uuid& id) {
    const Peer* peer = world.get<Service>().peers.find(id);
    if (peer == nullptr) return reject("not_found", fmt::format("there is no peer {}", to_string(id)));
    return peer;
}

ResourceName resource(const Uuid& id, bool removed = false) { return {"peers", to_string(id), stream_of(id), removed}; }

/// The owner of `key` in an index, if it is somebody else.
template <class Index, class Key>
bool belongs_to_other(const Index& index, const Key& key, const Uuid& self) {
    const auto* owner = index.find(key);
    return owner != nullptr && *owner != self;
}

Result<void> check_name(const World& world, const Settings<Plain>& s, const Uuid& self) {
    if (belongs_to_other(world.get<Service>().by_name, s.name.text, self)) {
        return taken("name_taken", "/name", fmt::format("another peer is called {}", s.name.text));
    }
    if (dns::name_in_use(world, s.name.text)) {
        return taken("name_taken", "/name", fmt::format("{} is the name of a DNS record", s.name.text));
    }
    return {};
}

Result<void> check_address(const World& world, const Settings<Plain>& s, const Uuid& self) {
    const auto& range = cell_of(world).vpn_range;
    const auto text = to_string(s.address);
    if (!range.contains(s.address)) {
        return invalid("/address", fmt::format("{} is not in the VPN range {}", text, to_string(range)));
    }
    if (s.address == range.network) return invalid("/address", fmt::format("{} is the address of the network itself", text));
    if (s.address == range.broadcast()) return invalid("/address", fmt::format("{} is the broadcast address", text));
    if (s.address == cell::server_address(cell_of(world))) {
        return invalid("/address", fmt::format("{} is the server's own address", text));
    }
    if (belongs_to_other(world.get<Service>().by_address, s.address, self)) {
        return taken("address_taken", "/address", fmt::format("another peer has the address {}", text));
    }
    return {};
}

Result<void> check_address6(const World& world, const Settings<Plain>& s, const Uuid& self) {
    const auto& range = cell_of(world).vpn_range6;
    const auto text = to_string(s.address6);
    if (!range.contains(s.address6) || s.address6 == range.network) {
        return invalid("/address6", fmt::format("{} is not a host's address in {}", text, to_string(range)));
    }
    if (s.address6 == cell::server_address6(cell_of(world))) {
        return invalid("/address6", fmt::format("{} is the server's own address", text));
    }
    if (belongs_to_other(world.get<Service>().by_address6, s.address6, self)) {
        return taken("address_taken", "/address6", fmt::format("another peer has the address {}", text));
    }
    return {};
}

Result<void> check_key(const World& world, const Settings<Plain>& s, const Uuid& self) {
    if (belongs_to_other(world.get<Service>().by_key, s.public_key, self)) {
        return taken("key_taken", "/public_key", "another peer has this public key");
    }
    if (world.get<wireguard::Service>().wireguard.public_key == s.public_key) {
        return taken("key_taken", "/public_key", "this is the public key of the cell itself");
    }
    return {};
}

/// LANs behind a peer must not swallow the VPN's own addresses: the tunnel would eat itself.
Result<void> check_lans(const World& world, const Settings<Plain>& s) {
    for (std::size_t i = 0; i < s.lans.size(); ++i) {
        const auto& lan = s.lans[i];
        const bool clash = lan.v6 ? lan.six.overlaps(cell_of(world).vpn_range6) : lan.four.overlaps(cell_of(world).vpn_range);
        if (clash) {
            return invalid(fmt::format("/lans/{}", i), fmt::format("{} overlaps the VPN's own range", to_string(lan)));
        }
    }
    return {};
}

/// Every rule that a peer keeps, whichever command made it so. Only what differs from `before` is looked at.
Result<void> check(const World& world, const Settings<Plain>& s, const Settings<Plain>* before, const Uuid& self) {
    Result<void> ok;
    if (before == nullptr || before->name != s.name) ok = check_name(world, s, self);
    if (ok && (before == nullptr || before->address != s.address)) ok = check_address(world, s, self);
    if (ok && (before == nullptr || before->address6 != s.address6)) ok = check_address6(world, s, self);
    if (ok && (before == nullptr || before->public_key != s.public_key)) ok = check_key(world, s, self);
    if (ok && (before == nullptr || before->lans != s.lans)) ok = check_lans(world, s);
    return ok;
}

Result<Ipv4> free_address(const World& world) {
    const auto& range = cell_of(world).vpn_range;
    const auto host = world.get<Service>().by_address.first_gap(first_host, [&](Ipv4 a) { return host_number(range, a); });
    if (host + 1 >= range.size()) {
        return reject("range_full", fmt::format("every address of {} is taken", to_string(range)));
    }
    return range.at(host);
}

/// The IPv6 address with the host number of the IPv4 one, so that people can read one from the other; past it where taken.
Ipv6 free_address6(const World& world, Ipv4 address) {
    const auto& c = cell_of(world);
    auto host = host_number(c.vpn_range, address);
    while (world.get<Service>().by_address6.contains(c.vpn_range6.at(host))) host += c.vpn_range.size();
    return c.vpn_range6.at(host);
}

Settings<Plain> defaults() {
    Settings<Plain> s{};
    s.enabled = true;
    s.internet = true;
    return s;
}

}  // namespace

std::string stream_of(const Uuid& id) { return "peer-" + to_string(id); }
std::string subject_of(const Uuid& id) { return "peer/" + to_string(id); }

void prepare(AddPeer& command, Supply& supply) {
    command.id = supply.uuid();
    const auto subject = subject_of(command.id);
    if (!command.settings.public_key.present) {
        auto pair = supply.wireguard_key_pair(subject);
        command.settings.public_key = pair.public_key;
        command.private_key_ref = std::move(pair.private_key);
    }
    if (command.settings.preshared_key.value) command.preshared_key_ref = supply.preshared_key(subject);
}

void prepare(ChangePeer& command, Supply& supply) {
    if (command.changes.preshared_key.value) command.preshared_key_ref = supply.preshared_key(subject_of(command.id));
}

void prepare(RotatePeer& command, Supply& supply) {
    const auto subject = subject_of(command.id);
    if (!command.public_key) {
        auto pair = supply.wireguard_key_pair(subject);
        command.public_key = pair.public_key;
        command.private_key_ref = std::move(pair.private_key);
    }
    command.preshared_key_ref = supply.preshared_key(subject);
}

void prepare(RestorePeer& command, Supply& supply) {
    if (command.settings.preshared_key) command.preshared_key_ref = supply.preshared_key(subject_of(command.id));
}

Result<Decision> decide(const World& world, const AddPeer& command) {
    if (!command.settings.name.present) return invalid("/name", "this field is required");
    PeerAdded added{command.id, defaults(), command.private_key_ref, command.preshared_key_ref};
    auto& s = added.settings;
    apply_patch(s, command.settings);
    if (!command.settings.address.present) {
        const auto address = free_address(world);
        if (!address) return std::unexpected(address.error());
        s.address = *address;
    }
    if (auto ok = check_address(world, s, command.id); !ok) return std::unexpected(ok.error());
    if (!command.settings.address6.present) s.address6 = free_address6(world, s.address);
    if (auto ok = check(world, s, nullptr, command.id); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.emit(stream_of(command.id), added);
    decision.resource = resource(command.id);
    return decision;
}

Result<Decision> decide(const World& world, const ChangePeer& command) {
    const auto peer = existing(world, command.id);
    if (!peer) return std::unexpected(peer.error());
    const auto& before = (*peer)->settings;
    auto after = before;
    apply_patch(after, command.changes);
    if (auto ok = check(world, after, &before, command.id); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = resource(command.id);
    PeerChanged changed{command.id, difference<Settings>(before, after), {}};
    if (is_empty<Settings>(changed.changes)) return decision;
    if (changed.changes.preshared_key.present) {
        changed.preshared_key_ref = after.preshared_key ? command.preshared_key_ref : std::nullopt;
    }
    decision.emit(stream_of(command.id), changed);
    return decision;
}

Result<Decision> decide(const World& world, const RotatePeer& command) {
    const auto peer = existing(world, command.id);
    if (!peer) return std::unexpected(peer.error());
    auto after = (*peer)->settings;
    after.public_key = *command.public_key;
    if (after.public_key == (*peer)->settings.public_key) return invalid("/public_key", "this is the key the peer has already");
    if (auto ok = check_key(world, after, command.id); !ok) return std::unexpected(ok.error());
    Decision decision;
    const auto preshared = after.preshared_key ? command.preshared_key_ref : std::nullopt;
    decision.emit(stream_of(command.id), PeerKeysRotated{command.id, *command.public_key, command.private_key_ref, preshared});
    decision.resource = resource(command.id);
    return decision;
}

Result<Decision> decide(const World& world, const RemovePeer& command) {
    const auto peer = existing(world, command.id);
    if (!peer) return std::unexpected(peer.error());
    Decision decision;
    decision.emit(stream_of(command.id), PeerRemoved{command.id});
    decision.resource = resource(command.id, true);
    return decision;
}

Result<Decision> decide(const World& world, const DropPeerKey& command) {
    const auto peer = existing(world, command.id);
    if (!peer) return std::unexpected(peer.error());
    Decision decision;
    decision.resource = resource(command.id);
    if ((*peer)->private_key_ref) decision.emit(stream_of(command.id), PeerKeyDropped{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestorePeer& command) {
    const Peer* present = world.get<Service>().peers.find(command.id);
    auto target = command.settings;
    if (present != nullptr) target.public_key = present->settings.public_key;
    if (auto ok = check(world, target, present == nullptr ? nullptr : &present->settings, command.id); !ok) {
        return std::unexpected(ok.error());
    }
    Decision decision;
    decision.resource = resource(command.id);
    if (present == nullptr) {
        decision.emit(stream_of(command.id), PeerAdded{command.id, target, std::nullopt, command.preshared_key_ref});
        return decision;
    }
    PeerChanged changed{command.id, difference<Settings>(present->settings, target), {}};
    if (is_empty<Settings>(changed.changes)) return decision;
    if (changed.changes.preshared_key.present) changed.preshared_key_ref = command.preshared_key_ref;
    decision.emit(stream_of(command.id), changed);
    return decision;
}

Result<void> readdress(const World& world, const Cidr4& from, const Cidr4& to, const Cidr6& from6, const Cidr6& to6,
                       Decision& out) {
    std::vector<FieldError> misfits;
    world.get<Service>().peers.for_each([&](const Uuid& id, const Peer& peer) {
        const auto host = host_number(from, peer.settings.address);
        if (host + 1 >= to.size()) {
            misfits.push_back({"/vpn_range", fmt::format("{} ({}) has no place in {}", peer.settings.name.text,
                                                         to_string(peer.settings.address), to_string(to))});
            return;
        }
        PeerChanged moved{id, {}, {}};
        if (from != to) moved.changes.address = to.at(host);
        if (from6 != to6) {
            Ipv6 address = to6.network;
            for (std::size_t i = 8; i < 16; ++i) address.bytes[i] = peer.settings.address6.bytes[i];
            moved.changes.address6 = address;
        }
        out.emit(stream_of(id), moved);
    });
    if (misfits.empty()) return {};
    return reject("range_too_small", fmt::format("{} of the peers have no place in {}", misfits.size(), to_string(to)),
                  std::move(misfits));
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Peers = CowMap<Uuid, Peer>;
    std::vector<const Peer*> wanted;
    Peers::diff(now.get<Service>().peers, target.get<Service>().peers, [&](const Uuid& id, const Peer*, const Peer* then) {
        if (!out.wants(stream_of(id))) return;
        if (then == nullptr) {
            out.add(RemovePeer{id});
        } else {
            wanted.push_back(then);
        }
    });
    // After the removals, so that names and addresses which they give up are free.
    for (const Peer* peer : wanted) out.add(RestorePeer{peer->id, peer->settings, std::nullopt});
}

Nodes client_config(const World& world, const Peer& peer) {
    const auto& c = cell_of(world);
    const auto& wg = world.get<wireguard::Service>().wireguard;
    Nodes nodes;
    nodes.emplace_back("[Interface]\nPrivateKey = ");
    if (peer.private_key_ref) {
        nodes.emplace_back(*peer.private_key_ref);
    } else {
        nodes.emplace_back(std::string("<the private key of this device>"));
    }
    std::string text = fmt::format("\nAddress = {}/32, {}/128\n", to_string(peer.settings.address), to_string(peer.settings.address6));
    text += "DNS = " + wireguard::pushed_dns(world) + "\n";
    text += fmt::format("MTU = {}\n\n[Peer]\nPublicKey = {}\n", wg.settings.mtu, wg.public_key ? to_string(*wg.public_key) : "");
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
