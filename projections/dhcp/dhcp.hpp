// Addresses for the local network: one scope, and devices that always get the same one. There is no scope
// until somebody sets one, and without a scope nothing runs: a second DHCP server on a house's network is the
// last thing that should happen by itself.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::dhcp {

/// Of one network card: 02:00:5e:10:00:01, in lower case; no group address, not all zeros (IEEE 802).
struct Mac {
    std::string text;
    static Parsed<Mac> parse(std::string_view text);
    friend auto operator<=>(const Mac&, const Mac&) = default;
};
std::string to_string(const Mac& v);

struct ScopeSettings {
    Cidr4 network;     ///< RFC 1918, of which the range is a part
    Ipv4 first, last;  ///< what is given out, both ends included
    std::uint32_t lease_seconds = 43200;
    std::optional<Ipv4> router;                 ///< null: clients are told none
    std::optional<std::vector<Ipv4>> dns, ntp;  ///< null: the address that DHCP itself answers from
    std::optional<Hostname> domain;             ///< null: the cell's
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("network", s.network), field("first", s.first), field("last", s.last),
                          defaulted("lease_seconds", s.lease_seconds), field("router", s.router),
                          field("dns", s.dns), field("ntp", s.ntp), field("domain", s.domain));
    }
    friend bool operator==(const ScopeSettings&, const ScopeSettings&) = default;
};

struct Scope {
    std::optional<ScopeSettings> scope;  ///< null: DHCP is off
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("scope", s.scope), field("version", s.version));
    }
};

struct Reservation {
    Uuid id;
    Mac mac;
    Ipv4 address;
    std::optional<Label> hostname;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("mac", s.mac), field("address", s.address),
                          field("hostname", s.hostname), field("version", s.version),
                          field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Reservation& r) { return r.id; }

struct State {
    Scope scope;
    CowMap<Uuid, Reservation> reservations;
    CowMap<std::string, Uuid> by_mac, by_hostname;  ///< indexes
    CowMap<Ipv4, Uuid> by_address;                  ///< index
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("scope", s.scope), field("reservations", s.reservations));
    }
};

// --- events

struct ScopeSet {
    static constexpr std::string_view type = "DhcpScopeSet";
    static constexpr int schema_version = 1;
    std::optional<ScopeSettings> scope;  ///< null: DHCP is off from now on
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("scope", s.scope));
    }
};

struct ReservationAdded {
    static constexpr std::string_view type = "DhcpReservationAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Mac mac;
    Ipv4 address;
    std::optional<Label> hostname;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("mac", s.mac), field("address", s.address),
                          field("hostname", s.hostname));
    }
};

struct ReservationRemoved : ById {
    static constexpr std::string_view type = "DhcpReservationRemoved";
    static constexpr int schema_version = 1;
};

// --- commands

struct SetScope {
    static constexpr std::string_view type = "SetDhcpScope";
    ScopeSettings scope;
    template <class Self>
    static auto fields(Self& s) {
        return ScopeSettings::fields(s.scope);
    }
};

/// DHCP off; the reservations stay.
struct ClearScope {
    static constexpr std::string_view type = "ClearDhcpScope";
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct AddReservation {
    static constexpr std::string_view type = "AddDhcpReservation";
    Mac mac;
    Ipv4 address;
    std::optional<Label> hostname;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("mac", s.mac), field("address", s.address), field("hostname", s.hostname));
    }
};

struct RemoveReservation : ById {
    static constexpr std::string_view type = "RemoveDhcpReservation";
};

/// Undo and restore of a removal. Not offered by the API.
struct RestoreReservation {
    static constexpr std::string_view type = "RestoreDhcpReservation";
    ReservationAdded reservation;
    Moving moving;  // set by reconcile()
    template <class Self>
    static auto fields(Self& s) {
        return ReservationAdded::fields(s.reservation);
    }
};

struct Service {
    static constexpr std::string_view name = "dhcp";
    static constexpr bool renders = true;
    using State = dhcp::State;
    using Events = TypeList<ScopeSet, ReservationAdded, ReservationRemoved>;
    using Commands = TypeList<SetScope, ClearScope, AddReservation, RemoveReservation, RestoreReservation>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("dhcp_scope", state.scope),
                          collection("dhcp_reservations", state.reservations));
    }
};

inline constexpr std::string_view scope_stream = "dhcp-scope";
inline constexpr std::uint32_t lease_least = 120,
                               lease_most = 31'536'000;  ///< seconds; dnsmasq's least, and a year
inline constexpr std::size_t servers_limit = 8;          ///< told to clients, of a kind
inline constexpr char config_path[] = "dnsmasq.conf";
inline constexpr char reservations_path[] = "reservations";
[[nodiscard]] std::string stream_of(const Uuid& id);

void prepare(AddReservation& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const SetScope& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ClearScope& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddReservation& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveReservation& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreReservation& command);

void evolve(State& state, const ScopeSet& event, const Meta& meta);
void evolve(State& state, const ReservationAdded& event, const Meta& meta);
void evolve(State& state, const ReservationRemoved& event, const Meta& meta);
void reindex(State& state);

/// Whether there is anything to run.
[[nodiscard]] bool wanted(Service, const World& world);
void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::dhcp
