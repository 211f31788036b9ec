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

bool touches_index(const Settings<Patch>& changes) {
    return changes.name.present || changes.public_key.present || changes.address.present ||
           changes.address6.present || changes.lans.present;
}

}  // namespace

void evolve(State& state, const PeerAdded& event, const Meta& meta) {
    Peer peer{event.id, event.settings, event.private_key_ref, event.preshared_key_ref, meta.version,
              meta.at,  meta.at};
    index(state, peer);
    state.peers.assign(event.id, std::move(peer));
}

void evolve(State& state, const PeerChanged& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    const bool reindexed = touches_index(event.changes);
    if (reindexed) unindex(state, *peer);
    apply_patch(peer->settings, event.changes);
    if (event.changes.public_key.present) {
        peer->private_key_ref.reset();  // it was the other key's
        state.newest_keys.assign(peer->id, {peer->id, event.changes.public_key.value});
    }
    if (event.preshared_key_ref.present) peer->preshared_key_ref = event.preshared_key_ref.value;
    peer->version = meta.version;
    peer->updated_at = meta.at;
    if (reindexed) index(state, *peer);
}

void evolve(State& state, const PeerKeysRotated& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    unindex(state, *peer);
    peer->settings.public_key = event.public_key;
    state.newest_keys.assign(peer->id, {peer->id, event.public_key});
    peer->private_key_ref = event.private_key_ref;
    peer->preshared_key_ref = event.preshared_key_ref;
    peer->version = meta.version;
    peer->updated_at = meta.at;
    index(state, *peer);
}

void evolve(State& state, const PeerKeyDropped& event, const Meta& meta) {
    Peer* peer = state.peers.edit(event.id);
    if (peer == nullptr) return;
    peer->private_key_ref.reset();
    peer->version = meta.version;
    peer->updated_at = meta.at;
}

void evolve(State& state, const PeerRemoved& event, const Meta&) {
    const Peer* peer = state.peers.find(event.id);
    if (peer == nullptr) return;
    unindex(state, *peer);
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
