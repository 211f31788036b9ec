// The cell's end of the VPN: its keys and the interface, rendered as wg0.conf with one fragment a peer, so
// that one changed peer among ten thousand costs one fragment.
#pragma once

#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
class Forwarder;
}  // namespace pic

namespace pic::wireguard {

template <template <class> class F>
struct Settings {
    F<std::uint16_t> listen_port;                      ///< UDP, 1-65535
    F<std::uint16_t> mtu;                              ///< bytes, 1280 (RFC 8200) to 9000
    F<std::optional<std::vector<SocketAddress>>> dns;  ///< pushed to clients; null: the cell's own resolver
    F<std::uint16_t> keepalive;  ///< seconds, 0: none; what a peer's own setting overrides

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("listen_port", s.listen_port), field("mtu", s.mtu), field("dns", s.dns),
                          field("keepalive", s.keepalive));
    }
};

struct Wireguard {
    Settings<Plain> settings{51820, 1420, std::nullopt, 25};
    std::optional<WgKey> public_key;
    std::optional<SecretRef> private_key_ref;
    StreamVersion version;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            Settings<Plain>::fields(s.settings),
            std::tuple(field("public_key", s.public_key), field("private_key_ref", s.private_key_ref),
                       field("version", s.version)));
    }
};

struct State {
    Wireguard wireguard;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("wireguard", s.wireguard));
    }
};

/// The cell has new keys. Old ones never come back.
struct WireguardKeysSet {
    static constexpr std::string_view type = "WireguardKeysSet";
    static constexpr int schema_version = 1;
    WgKey public_key;
    SecretRef private_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("public_key", s.public_key), field("private_key_ref", s.private_key_ref));
    }
};

struct WireguardChanged {
    static constexpr std::string_view type = "WireguardChanged";
    static constexpr int schema_version = 1;
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

struct ChangeWireguard {
    static constexpr std::string_view type = "ChangeWireguard";
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

/// New keys for the cell: every client's config has to be fetched anew.
struct RotateWireguard {
    static constexpr std::string_view type = "RotateWireguardKey";
    WgKey public_key;  // both are brought by prepare()
    SecretRef private_key_ref;
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct Service {
    static constexpr std::string_view name = "wireguard";
    static constexpr bool renders = true;
    using State = wireguard::State;
    using Events = TypeList<WireguardKeysSet, WireguardChanged>;
    using Commands = TypeList<ChangeWireguard, RotateWireguard>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("wireguard", state.wireguard));
    }
};

inline constexpr std::string_view stream = "wireguard";
inline constexpr std::string_view subject = "wireguard";  ///< in the vault
inline constexpr char config_path[] = "wg0.conf";

void prepare(RotateWireguard& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeWireguard& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RotateWireguard& command);

void evolve(State& state, const WireguardKeysSet& event, const Meta& meta);
void evolve(State& state, const WireguardChanged& event, const Meta& meta);

void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);
/// New keys where the vault has not the old ones any more: they were rotated after the backup was taken.
void go_forward(Service, const World& restored, Forwarder& out);

/// What clients are told to resolve with: as wg-quick's DNS line wants it.
[[nodiscard]] std::string pushed_dns(const World& world);

}  // namespace pic::wireguard
