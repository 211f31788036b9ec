#include "projections/peers/peers.hpp"

namespace pic::peers {
namespace {

void index(State& state, const Peer& peer) {
    state.by_name.assign(peer.settings.name.text, peer.id);
    state.by_key.assign(peer.settings.public_key, peer.id);
    state.by_address.assign(peer.settings.address, peer.id);
    state.by_address6.assign(peer.settings.address6, peer.id);
    for (const auto& lan : peer.settings.lans) state.by_lan.assign(to_string(lan), peer.id);
}

/// Forgets an entry only where it is this peer's: within one change-set peers may exchange addresses.
template <class Index, class Key>
void forget(Index& index, const Key& key, const Uuid& id) {
    const auto* owner = index.find(key);
    if (owner != nullptr && *owner == id) index.erase(key);
}

void unindex(State& state, const Peer& peer) {
    forget(state.by_name, peer.settings.name.text, peer.id);
    forget(state.by_key, peer.settings.public_key, peer.id);
    forget(state.by_address, peer.settings.address, peer.id);
    forget(state.by_address6, peer.settings.address6, peer.id);
    for (const auto& lan : peer.settings.lans) forget(state.by_lan, to_string(lan), peer.id);
}

/// Moves the entries of what has changed.
void reindex(State& state, const Settings<Plain>& before, const Peer& peer) {
    const auto& now = peer.settings;
    const auto follow = [&](auto& entries, const auto& old, const auto& fresh) {
        if (old == fresh) return;
        forget(entries, old, peer.id);
        entries.assign(fresh, peer.id);
    };
    follow(state.by_name, before.name.text, now.name.text);
    follow(state.by_key, before.public_key, now.public_key);
    follow(state.by_address, before.address, now.address);
    follow(state.by_address6, before.address6, now.address6);
    if (before.lans == now.lans) return;
    for (const auto& lan : before.lans) forget(state.by_lan, to_string(lan), peer.id);
    for (const auto& lan : now.lans) state.by_lan.assign(to_string(lan), peer.id);
}

}  // namespace

void evolve(State& state, const PeerAdded& event, const Meta& meta) {
    Peer peer{event.id, event.settings, event.private_key_ref, event.preshared_key_ref, meta.version,
              meta.at,  meta.at};
    if (meta.indexed) index(state, peer);
    state.peers.assign(event.id, std::move(peer));
}

void evolve(State& state, const PeerChanged& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    const auto before = meta.indexed ? peer->settings : Settings<Plain>{};
    apply_patch(peer->settings, event.changes);
    if (event.changes.public_key.present) {
        peer->private_key_ref.reset();  // it was the other key's
        state.newest_keys.assign(peer->id, {peer->id, event.changes.public_key.value});
    }
    if (event.preshared_key_ref.present) peer->preshared_key_ref = event.preshared_key_ref.value;
    peer->version = meta.version;
    peer->updated_at = meta.at;
    if (meta.indexed) reindex(state, before, *peer);
}

void evolve(State& state, const PeerKeysRotated& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    const auto before = peer->settings;
    peer->settings.public_key = event.public_key;
    state.newest_keys.assign(peer->id, {peer->id, event.public_key});
    peer->private_key_ref = event.private_key_ref;
    peer->preshared_key_ref = event.preshared_key_ref;
    peer->version = meta.version;
    peer->updated_at = meta.at;
    if (meta.indexed) reindex(state, before, *peer);
}

void evolve(State& state, const PeerKeyDropped& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    peer->private_key_ref.reset();
    peer->version = meta.version;
    peer->updated_at = meta.at;
}

void evolve(State& state, const PeerRemoved& event, const Meta& meta) {
    const Peer* peer = state.peers.find(event.id);
    if (peer == nullptr) return;
    if (meta.indexed) unindex(state, *peer);
    state.peers.erase(event.id);
}

void reindex(State& state) {
    state.by_name.clear();
    state.by_key.clear();
    state.by_address.clear();
    state.by_address6.clear();
    state.by_lan.clear();
    state.peers.for_each([&](const Uuid&, const Peer& peer) { index(state, peer); });
}

}  // namespace pic::peers
