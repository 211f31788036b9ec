// Peers: the devices that reach the cell through WireGuard. A peer's private key is best made on the device;
// where the cell makes the pair, the private half waits in the vault until its config has been fetched and is
// then dropped, unless it was asked to be kept.
#pragma once

#include "projections/cell/cell.hpp"
#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic::peers {

template <template <class> class F>
struct Settings {
    F<Label> name;  ///< unique among peers and DNS names; also the peer's name in the cell's zone
    F<WgKey> public_key;
    F<Ipv4> address;  ///< within the VPN range
    F<Ipv6> address6;
    F<std::vector<Cidr>> allowed_ips;  ///< the routes of the client's own config; empty: everything where
                                       ///< `internet`, else the cell's
    F<bool> preshared_key;
    F<std::optional<std::uint16_t>> keepalive;  ///< seconds; null: the cell's own setting
    F<std::optional<Timestamp>> expires_at;
    F<bool> enabled;
    F<bool> internet;                               ///< may leave by the cell
    F<std::optional<std::vector<Label>>> services;  ///< which it may reach; null: all
    F<std::optional<Text>> owner;
    F<std::vector<Cidr>> lans;  ///< networks behind the peer, routed to it
    F<bool> keep_key;           ///< keep a generated private key after its config was fetched

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("public_key", s.public_key),
                          field("address", s.address), field("address6", s.address6),
                          field("allowed_ips", s.allowed_ips), field("preshared_key", s.preshared_key),
                          field("keepalive", s.keepalive), field("expires_at", s.expires_at),
                          field("enabled", s.enabled), field("internet", s.internet),
                          field("services", s.services), field("owner", s.owner), field("lans", s.lans),
                          field("keep_key", s.keep_key));
    }
};

struct Peer {
    Uuid id;
    Settings<Plain> settings;
    std::optional<SecretRef> private_key_ref;    ///< set while the vault holds a generated private key
    std::optional<SecretRef> preshared_key_ref;  ///< set exactly where preshared_key is true
    StreamVersion version;
    Timestamp created_at, updated_at;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            std::tuple(field("id", s.id)), Settings<Plain>::fields(s.settings),
            std::tuple(field("private_key_ref", s.private_key_ref),
                       field("preshared_key_ref", s.preshared_key_ref), field("version", s.version),
                       field("created_at", s.created_at), field("updated_at", s.updated_at)));
    }
};
inline Uuid key_of(const Peer& peer) { return peer.id; }

/// The key that a peer changed to last, kept when the peer is gone: whatever is restored, an older one never
/// comes back.
struct NewestKey {
    Uuid id;
    WgKey public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("public_key", s.public_key));
    }
};
inline Uuid key_of(const NewestKey& key) { return key.id; }

struct State {
    CowMap<Uuid, Peer> peers;
    CowMap<Uuid, NewestKey> newest_keys;  ///< of peers whose key was ever changed

    // Indexes, made from the peers by reindex().
    CowMap<std::string, Uuid> by_name;
    CowMap<WgKey, Uuid> by_key;
    CowMap<Ipv4, Uuid> by_address;
    CowMap<Ipv6, Uuid> by_address6;
    CowMap<std::string, Uuid> by_lan;  ///< "10.9.0.0/24" -> the peer that leads there

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("peers", s.peers), field("newest_keys", s.newest_keys));
    }
};

// --- events

struct PeerAdded {
    static constexpr std::string_view type = "PeerAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Settings<Plain> settings;
    std::optional<SecretRef> private_key_ref, preshared_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Plain>::fields(s.settings),
                              std::tuple(field("private_key_ref", s.private_key_ref),
                                         field("preshared_key_ref", s.preshared_key_ref)));
    }
};

struct PeerChanged {
    static constexpr std::string_view type = "PeerChanged";
    static constexpr int schema_version = 1;
    Uuid id;
    Settings<Patch> changes;
    Patch<std::optional<SecretRef>> preshared_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Patch>::fields(s.changes),
                              std::tuple(field("preshared_key_ref", s.preshared_key_ref)));
    }
};

/// New keys; the old ones never come back, whatever is undone later.
struct PeerKeysRotated {
    static constexpr std::string_view type = "PeerKeysRotated";
    static constexpr int schema_version = 1;
    Uuid id;
    WgKey public_key;
    std::optional<SecretRef> private_key_ref, preshared_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("public_key", s.public_key),
                          field("private_key_ref", s.private_key_ref),
                          field("preshared_key_ref", s.preshared_key_ref));
    }
};

/// The generated private key was handed out and is no longer kept.
struct PeerKeyDropped : ById {
    static constexpr std::string_view type = "PeerKeyDropped";
    static constexpr int schema_version = 1;
};

struct PeerRemoved : ById {
    static constexpr std::string_view type = "PeerRemoved";
    static constexpr int schema_version = 1;
};

// --- commands

struct AddPeer {
    static constexpr std::string_view type = "AddPeer";
    Settings<Patch> settings;
    Uuid id;  // these four are brought by prepare()
    Timestamp now;
    std::optional<SecretRef> private_key_ref;
    std::optional<SecretRef> preshared_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.settings);
    }
};

struct ChangePeer {
    static constexpr std::string_view type = "ChangePeer";
    Uuid id;
    Settings<Patch> changes;
    Timestamp now;                               // brought by prepare()
    std::optional<SecretRef> preshared_key_ref;  // brought by prepare() where one is asked for
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Patch>::fields(s.changes));
    }
};

/// New keys: of the device where `public_key` is given, else made here.
struct RotatePeer {
    static constexpr std::string_view type = "RotatePeerKey";
    Uuid id;
    std::optional<WgKey> public_key;
    std::optional<SecretRef> private_key_ref, preshared_key_ref;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("public_key", s.public_key));
    }
};

struct RemovePeer : ById {
    static constexpr std::string_view type = "RemovePeer";
};

/// Its config was fetched: forget the private key. Not offered by the API.
struct DropPeerKey : ById {
    static constexpr std::string_view type = "DropPeerKey";
};

/// Brings a peer back to what it was, by the rules of today: undo and restore. A key that was changed since
/// stays as it is; a preshared key, destroyed with the peer, is made anew; where the networks have moved
/// since, the peer moves along. Not offered by the API.
struct RestorePeer {
    static constexpr std::string_view type = "RestorePeer";
    Uuid id;
    Settings<Plain> settings;
    Cidr4 home;  // these three are set by reconcile(): the networks of its time,
    Cidr6 home6;
    Moving moving;                               // and who else is restored with it
    std::optional<SecretRef> preshared_key_ref;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Plain>::fields(s.settings));
    }
};

struct Service {
    static constexpr std::string_view name = "peers";
    static constexpr bool renders = false;
    using State = peers::State;
    using Events = TypeList<PeerAdded, PeerChanged, PeerKeysRotated, PeerKeyDropped, PeerRemoved>;
    using Commands = TypeList<AddPeer, ChangePeer, RotatePeer, RemovePeer, DropPeerKey, RestorePeer>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("peers", state.peers));
    }
};

[[nodiscard]] std::string stream_of(const Uuid& id);
/// The vault subject that holds a peer's secrets; destroyed when the peer is removed.
[[nodiscard]] std::string subject_of(const Uuid& id);

void prepare(AddPeer& command, Supply& supply);
void prepare(ChangePeer& command, Supply& supply);
void prepare(RotatePeer& command, Supply& supply);
void prepare(RestorePeer& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const AddPeer& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangePeer& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RotatePeer& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemovePeer& command);
[[nodiscard]] Result<Decision> decide(const World& world, const DropPeerKey& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestorePeer& command);

void evolve(State& state, const PeerAdded& event, const Meta& meta);
void evolve(State& state, const PeerChanged& event, const Meta& meta);
void evolve(State& state, const PeerKeysRotated& event, const Meta& meta);
void evolve(State& state, const PeerKeyDropped& event, const Meta& meta);
void evolve(State& state, const PeerRemoved& event, const Meta& meta);
void reindex(State& state);

void reconcile(Service, const World& now, const World& target, Reconciler& out);
/// Keys that were changed or destroyed since the backup do not come back.
void go_forward(Service, const World& restored, Forwarder& out);

/// The PeerChanged events that give every peer that is not moving its place in the cell's new networks,
/// appended to `out`. `range_too_small` with the list of the peers that do not fit, or `invalid_field` where
/// a LAN behind a peer is in the way.
[[nodiscard]] Result<void> settle(const World& world, const cell::Settings<Plain>& from,
                                  const cell::Settings<Plain>& to, const Moving& moving, Decision& out);

/// What a device puts into wg-quick: the text around its private key. Nodes, since secrets are filled in on
/// the way out.
[[nodiscard]] Nodes client_config(const World& world, const Peer& peer);

}  // namespace pic::peers
