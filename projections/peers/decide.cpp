#include <fmt/format.h>

#include "projections/accounts/departed.hpp"
#include "projections/core/command.hpp"
#include "projections/peers/addresses.hpp"
#include "projections/peers/peers.hpp"
#include "projections/peers/rules.hpp"
#include "projections/world.hpp"

namespace pic::peers {
namespace {

Result<const Peer*> existing(const World& world, const Uuid& id) {
    return pic::existing(world.get<Service>().peers, id, "peer");
}

ResourceName resource(const Uuid& id, bool removed = false) {
    return {"peers", to_string(id), stream_of(id), removed};
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
    command.now = supply.now();
    const auto subject = subject_of(command.id);
    if (!command.settings.public_key.present) {
        auto pair = supply.wireguard_key_pair(subject);
        command.settings.public_key = pair.public_key;
        command.private_key_ref = std::move(pair.private_key);
    }
    if (command.settings.preshared_key.value) command.preshared_key_ref = supply.preshared_key(subject);
}

void prepare(ChangePeer& command, Supply& supply) {
    command.now = supply.now();
    if (command.changes.preshared_key.value)
        command.preshared_key_ref = supply.preshared_key(subject_of(command.id));
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
    if (command.settings.preshared_key)
        command.preshared_key_ref = supply.preshared_key(subject_of(command.id));
}

Result<Decision> decide(const World& world, const AddPeer& command) {
    if (!command.settings.name.present) return invalid_field("/name", "this field is required");
    PeerAdded added{command.id, defaults(), command.private_key_ref, command.preshared_key_ref};
    auto& s = added.settings;
    apply_patch(s, command.settings);
    if (!command.settings.address.present) {
        const auto address = free_address(world);
        if (!address) return std::unexpected(address.error());
        s.address = *address;
    }
    if (!command.settings.address6.present) s.address6 = free_address6(world, s.address);
    auto ok = check(world, {s, nullptr, command.id});
    if (ok) ok = check_expiry(command.settings, command.now);
    if (!ok) return std::unexpected(ok.error());
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
    auto ok = check(world, {after, &before, command.id});
    if (ok) ok = check_expiry(command.changes, command.now);
    if (!ok) return std::unexpected(ok.error());
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
    if (after.public_key == (*peer)->settings.public_key)
        return invalid_field("/public_key", "this is the key the peer has already");
    if (auto ok = check(world, {after, &(*peer)->settings, command.id}); !ok)
        return std::unexpected(ok.error());
    Decision decision;
    const auto preshared = after.preshared_key ? command.preshared_key_ref : std::nullopt;
    decision.emit(stream_of(command.id),
                  PeerKeysRotated{command.id, *command.public_key, command.private_key_ref, preshared});
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

namespace {

/// What the peer is to be: the key it has by now, and addresses in the networks of today.
Result<Settings<Plain>> restored(const World& world, const RestorePeer& command, const Peer* present) {
    const auto& state = world.get<Service>();
    auto target = command.settings;
    if (present != nullptr) {
        target.public_key = present->settings.public_key;
    } else if (const auto* newest = state.newest_keys.find(command.id)) {
        target.public_key = newest->public_key;
    }
    const auto& c = world.get<cell::Service>().cell.settings;
    if (!c.vpn_range.contains(target.address)) {
        const auto same_place = moved(target.address, command.home, c.vpn_range);
        const auto free = free_address(world);
        if (same_place && !state.by_address.contains(*same_place)) {
            target.address = *same_place;
        } else if (free) {
            target.address = *free;
        } else {
            return std::unexpected(free.error());
        }
    }
    if (!c.vpn_range6.contains(target.address6)) {
        target.address6 = moved(target.address6, c.vpn_range6);
        if (state.by_address6.contains(target.address6))
            target.address6 = free_address6(world, target.address);
    }
    return target;
}

/// Worlds that were made apart share nothing, and a diff of their maps visits what reads the same. Keys stay
/// as they are.
bool same_but_for_keys(const Peer& present, const Peer& then) {
    auto target = then.settings;
    target.public_key = present.settings.public_key;
    return is_empty<Settings>(difference<Settings>(present.settings, target));
}

}  // namespace

Result<Decision> decide(const World& world, const RestorePeer& command) {
    const Peer* present = world.get<Service>().peers.find(command.id);
    const auto target = restored(world, command, present);
    if (!target) return std::unexpected(target.error());
    const auto* before = present == nullptr ? nullptr : &present->settings;
    if (auto ok = check(world, {*target, before, command.id, command.moving}); !ok)
        return std::unexpected(ok.error());
    Decision decision;
    decision.resource = resource(command.id);
    if (present == nullptr) {
        decision.emit(stream_of(command.id),
                      PeerAdded{command.id, *target, std::nullopt, command.preshared_key_ref});
        return decision;
    }
    PeerChanged changed{command.id, difference<Settings>(present->settings, *target), {}};
    if (is_empty<Settings>(changed.changes)) return decision;
    if (changed.changes.preshared_key.present) changed.preshared_key_ref = command.preshared_key_ref;
    decision.emit(stream_of(command.id), changed);
    return decision;
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Peers = CowMap<Uuid, Peer>;
    std::vector<Peer> wanted;  // copies: a diff may show nodes that it made for the comparison and drops
    Peers::diff(now.get<Service>().peers, target.get<Service>().peers,
                [&](const Uuid& id, const Peer* present, const Peer* then) {
                    if (!out.wants(stream_of(id))) return;
                    if (then == nullptr) {
                        out.add(stream_of(id), RemovePeer{id});
                    } else if (const auto& owner = then->settings.owner;
                               owner && accounts::has_left(now, target, owner->text)) {
                        return;  // the device of somebody who has been removed
                    } else if (present == nullptr || !same_but_for_keys(*present, *then)) {
                        wanted.push_back(*then);
                    }
                });
    // After the removals, so that what they give up is free.
    const auto& home = target.get<cell::Service>().cell.settings;
    for (const Peer& peer : wanted) {
        out.add(stream_of(peer.id), RestorePeer{peer.id, peer.settings, home.vpn_range, home.vpn_range6,
                                                out.moving(), std::nullopt});
    }
}

void go_forward(Service, const World& restored, Forwarder& out) {
    const World* replaced = out.replaced();
    restored.get<Service>().peers.for_each([&](const Uuid& id, const Peer& peer) {
        const NewestKey* newest =
            replaced == nullptr ? nullptr : replaced->get<Service>().newest_keys.find(id);
        ChangePeer change{};
        change.id = id;
        if (newest != nullptr && newest->public_key != peer.settings.public_key) {
            change.changes.public_key = newest->public_key;
        } else if (out.lacks(peer.private_key_ref)) {
            out.add(DropPeerKey{id});
        }
        if (out.lacks(peer.preshared_key_ref)) change.changes.preshared_key = false;
        if (!is_empty<Settings>(change.changes)) out.add(std::move(change));
    });
}

}  // namespace pic::peers
