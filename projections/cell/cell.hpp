// The cell itself: who it is, and the networks everything else lives in. Claiming it is a one-way event:
// whatever happens to read models or user tables, the set-up never opens again.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
class Forwarder;
}  // namespace pic

namespace pic::cell {

template <template <class> class F>
struct Settings {
    F<Label> name;
    F<Hostname> domain;   ///< names of the cell and its peers lie below it
    F<Cidr4> vpn_range;   ///< RFC 1918, /8 to /29: peers' addresses; the first one is the server's
    F<Cidr6> vpn_range6;  ///< RFC 4193 /64, made at set-up
    F<std::optional<Cidr4>> lan_range;    ///< the network at home, if the cell is to know it
    F<std::optional<Endpoint>> endpoint;  ///< where peers reach the cell from outside
    F<TimeZone> timezone;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("domain", s.domain), field("vpn_range", s.vpn_range),
                          field("vpn_range6", s.vpn_range6), field("lan_range", s.lan_range),
                          field("endpoint", s.endpoint), field("timezone", s.timezone));
    }
};

/// The smallest and largest VPN network: room for a server and a handful of peers, and no more than RFC 1918
/// has.
inline constexpr unsigned widest_prefix = 8, narrowest_prefix = 29;
inline constexpr unsigned vpn6_prefix = 64;
/// Leaves room for a record's name before it (dns::owner_limit): 253 characters in all (RFC 1035 2.3.4).
inline constexpr std::size_t domain_limit = 128;

struct Cell {
    Uuid id;
    bool claimed = false;
    Settings<Plain> settings;
    StreamVersion version;
    Timestamp created_at, updated_at;

    template <class Self>
    static auto fields(Self& s) {
        using Of = Settings<Plain>;
        return std::tuple_cat(std::tuple(field("id", s.id), field("claimed", s.claimed)),
                              Of::fields(s.settings),
                              std::tuple(field("version", s.version), field("created_at", s.created_at),
                                         field("updated_at", s.updated_at)));
    }
};

struct State {
    /// Before the claim its settings are those of the struct: never shown, since nothing but set-up answers
    /// then.
    Cell cell;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("cell", s.cell));
    }
};

// --- events

struct CellClaimed : WithSettings<Settings> {
    static constexpr std::string_view type = "CellClaimed";
    static constexpr int schema_version = 1;
};

struct CellChanged {
    static constexpr std::string_view type = "CellChanged";
    static constexpr int schema_version = 1;
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

/// A backup was brought back: the log goes on in a new epoch.
struct BackupRestored {
    static constexpr std::string_view type = "BackupRestored";
    static constexpr int schema_version = 1;
    Epoch epoch;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("epoch", s.epoch));
    }
};

// --- commands

/// First run: names the cell, makes its administrator and its keys, all in one change.
struct SetUpCell {
    static constexpr std::string_view type = "SetUpCell";
    Label cell_name;
    Hostname domain;
    Cidr4 vpn_range;
    std::optional<TimeZone> timezone;
    Uuid id;           // brought by prepare()
    Cidr6 vpn_range6;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("cell_name", s.cell_name), field("domain", s.domain),
                          field("vpn_range", s.vpn_range), field("timezone", s.timezone));
    }
};

/// Moving vpn_range gives every peer the same place in the new range, in the same change.
struct ChangeCell {
    static constexpr std::string_view type = "ChangeCell";
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.changes);
    }
};

/// Brings the settings back to what they were: undo and restore. Peers that are restored with it bring their
/// own addresses; the others move along. Not offered by the API.
struct RestoreCell {
    static constexpr std::string_view type = "RestoreCell";
    Settings<Plain> settings;
    Moving moving;  // set by reconcile()
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Plain>::fields(s.settings);
    }
};

/// Marks in the log that a backup was restored. Not offered by the API.
struct NoteBackupRestored {
    static constexpr std::string_view type = "NoteBackupRestored";
    Epoch epoch;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("epoch", s.epoch));
    }
};

struct Service {
    static constexpr std::string_view name = "cell";
    static constexpr bool renders = false;
    using State = cell::State;
    using Events = TypeList<CellClaimed, CellChanged, BackupRestored>;
    using Commands = TypeList<SetUpCell, ChangeCell, RestoreCell, NoteBackupRestored>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("cell", state.cell));
    }
};

inline constexpr std::string_view stream = "cell";

void prepare(SetUpCell& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const SetUpCell& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeCell& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreCell& command);
[[nodiscard]] Result<Decision> decide(const World& world, const NoteBackupRestored& command);

void evolve(State& state, const CellClaimed& event, const Meta& meta);
void evolve(State& state, const CellChanged& event, const Meta& meta);
void evolve(State& state, const BackupRestored& event, const Meta& meta);

void reconcile(Service, const World& now, const World& target, Reconciler& out);

/// The server's own address in the VPN: the first of the range.
[[nodiscard]] inline Ipv4 server_address(const Settings<Plain>& s) { return s.vpn_range.at(1); }
[[nodiscard]] inline Ipv6 server_address6(const Settings<Plain>& s) { return s.vpn_range6.at(1); }

}  // namespace pic::cell
