// What passes between the VPN and everything else, beyond what each peer's own `internet` and `services` say:
// ordered rules, ports forwarded to a device, and address translation. Closed unless something here or there
// opens it. The firewall that keeps to it is a file of the wireguard service
// (projections/wireguard/firewall.hpp): it lives where the tunnel lives and is loaded before the tunnel comes
// up.
//
// Rules are looked at in their order, and the first that matches decides. The order is kept as a rank of
// each, a number with room before and after it: adding or moving a rule is one event about that rule and no
// other, whatever its place, and only where the room between two is used up are all given new ranks, by one
// event more. What people see and say is a rule's position: 1 for the first, without gaps. (Rejected: storing
// positions, where a rule that is moved changes every rule that it passes, and an undo all of them again.)
#pragma once

#include <vector>

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"
#include "projections/routing/places.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::routing {

enum class Protocol { any, tcp, udp, icmp };
constexpr std::array<std::string_view, 4> enum_names(Protocol) { return {"any", "tcp", "udp", "icmp"}; }

enum class Action { accept, drop, reject };
constexpr std::array<std::string_view, 3> enum_names(Action) { return {"accept", "drop", "reject"}; }

template <template <class> class F>
struct RuleSettings {
    F<Place> source, destination;
    F<Protocol> protocol;
    F<std::optional<Ports>> ports;  ///< of the destination; TCP and UDP alone have them
    F<Action> action;
    F<bool> enabled;
    F<std::optional<Text>> note;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("source", s.source), field("destination", s.destination),
                          field("protocol", s.protocol), field("ports", s.ports), field("action", s.action),
                          field("enabled", s.enabled), field("note", s.note));
    }
};

/// Where a rule stands among the others; equal ones of old events in the order in which they were made.
struct Rank {
    std::uint64_t value = 0;
    Uuid id;
    friend auto operator<=>(const Rank&, const Rank&) = default;
};

struct Rule {
    Uuid id;
    std::uint64_t rank = 0;
    RuleSettings<Plain> settings;
    StreamVersion version;
    Timestamp created_at, updated_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("rank", s.rank)),
                              RuleSettings<Plain>::fields(s.settings),
                              std::tuple(field("version", s.version), field("created_at", s.created_at),
                                         field("updated_at", s.updated_at)));
    }
};
inline Uuid key_of(const Rule& rule) { return rule.id; }

/// As people see it.
struct ShownRule {
    const Rule& rule;
    std::uint64_t position;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            std::tuple(field("id", s.rule.id), field("position", s.position)),
            RuleSettings<Plain>::fields(s.rule.settings),
            std::tuple(field("version", s.rule.version), field("created_at", s.rule.created_at),
                       field("updated_at", s.rule.updated_at)));
    }
};

/// Of a forward: what has ports.
enum class Transport { tcp, udp };
constexpr std::array<std::string_view, 2> enum_names(Transport) { return {"tcp", "udp"}; }

/// What comes in from outside on a port is passed to a device, in the VPN or behind it.
struct Forward {
    Uuid id;
    Transport protocol = Transport::tcp;
    std::uint16_t port = 0;
    Ipv4 to_address;
    std::uint16_t to_port = 0;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("protocol", s.protocol), field("port", s.port),
                          field("to_address", s.to_address), field("to_port", s.to_port),
                          field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Forward& forward) { return forward.id; }

struct Nat {
    bool masquerade = true;  ///< what peers send out by the cell bears the cell's address
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("masquerade", s.masquerade), field("version", s.version));
    }
};

struct State {
    CowMap<Uuid, Rule> rules;
    CowMap<Uuid, Forward> forwards;
    Nat nat;
    std::uint64_t spreads = 0;  ///< how often all were given new ranks, after which older ones mean nothing
    CowMap<std::string, Uuid> by_port;  ///< index: "tcp 443" -> the forward
    std::vector<Rank> order;            ///< index: the rules as they are looked at

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("rules", s.rules), field("forwards", s.forwards), field("nat", s.nat),
                          field("spreads", s.spreads));
    }
};

// --- events

struct RuleAdded {
    static constexpr std::string_view type = "RoutingRuleAdded";
    static constexpr int schema_version = 2;
    Uuid id;
    std::uint64_t rank = 0;
    RuleSettings<Plain> settings;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("rank", s.rank)),
                              RuleSettings<Plain>::fields(s.settings));
    }
    /// Version 1 had positions with gaps and ties.
    [[nodiscard]] static std::string upcast(int from, const std::string& data);
};

struct RuleChanged {
    static constexpr std::string_view type = "RoutingRuleChanged";
    static constexpr int schema_version = 2;
    Uuid id;
    Patch<std::uint64_t> rank;
    RuleSettings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("rank", s.rank)),
                              RuleSettings<Patch>::fields(s.changes));
    }
    [[nodiscard]] static std::string upcast(int from, const std::string& data);
};

struct RuleRemoved : ById {
    static constexpr std::string_view type = "RoutingRuleRemoved";
    static constexpr int schema_version = 1;
};

/// All rules keep their order and are given ranks with room between them.
struct RanksSpread {
    static constexpr std::string_view type = "RoutingRanksSpread";
    static constexpr int schema_version = 1;
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct ForwardAdded {
    static constexpr std::string_view type = "ForwardAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Transport protocol = Transport::tcp;
    std::uint16_t port = 0;
    Ipv4 to_address;
    std::uint16_t to_port = 0;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("protocol", s.protocol), field("port", s.port),
                          field("to_address", s.to_address), field("to_port", s.to_port));
    }
};

struct ForwardRemoved : ById {
    static constexpr std::string_view type = "ForwardRemoved";
    static constexpr int schema_version = 1;
};

struct NatSet {
    static constexpr std::string_view type = "NatSet";
    static constexpr int schema_version = 1;
    bool masquerade = true;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("masquerade", s.masquerade));
    }
};

// --- commands

struct AddRule {
    static constexpr std::string_view type = "AddRoutingRule";
    std::optional<std::uint16_t> position;  ///< left out, or past the last: after all others
    RuleSettings<Patch> settings;           ///< left out: any, enabled
    Uuid id;                                // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("position", s.position)),
                              RuleSettings<Patch>::fields(s.settings));
    }
};

struct ChangeRule {
    static constexpr std::string_view type = "ChangeRoutingRule";
    Uuid id;
    std::optional<std::uint16_t> position;  ///< moves it there
    RuleSettings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("position", s.position)),
                              RuleSettings<Patch>::fields(s.changes));
    }
};

struct RemoveRule : ById {
    static constexpr std::string_view type = "RemoveRoutingRule";
};

/// Undo and restore. Not offered by the API.
struct RestoreRule {
    static constexpr std::string_view type = "RestoreRoutingRule";
    Uuid id;
    std::optional<std::uint64_t> rank;      ///< none: ranks of then mean nothing now,
    std::optional<std::uint16_t> position;  ///< but its place does
    RuleSettings<Plain> settings;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            std::tuple(field("id", s.id), field("rank", s.rank), field("position", s.position)),
            RuleSettings<Plain>::fields(s.settings));
    }
};

struct AddForward {
    static constexpr std::string_view type = "AddForward";
    Transport protocol = Transport::tcp;
    std::uint16_t port = 0;
    Ipv4 to_address;
    std::optional<std::uint16_t> to_port;  ///< left out: the same
    Uuid id;                               // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("protocol", s.protocol), field("port", s.port),
                          field("to_address", s.to_address), field("to_port", s.to_port));
    }
};

struct RemoveForward : ById {
    static constexpr std::string_view type = "RemoveForward";
};

/// Undo and restore of a removal. Not offered by the API.
struct RestoreForward {
    static constexpr std::string_view type = "RestoreForward";
    ForwardAdded forward;
    Moving moving;  // set by reconcile()
    template <class Self>
    static auto fields(Self& s) {
        return ForwardAdded::fields(s.forward);
    }
};

struct SetNat {
    static constexpr std::string_view type = "SetNat";
    bool masquerade = true;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("masquerade", s.masquerade));
    }
};

struct Service {
    static constexpr std::string_view name = "routing";
    static constexpr bool renders = false;  // its file is wireguard's
    using State = routing::State;
    using Events =
        TypeList<RuleAdded, RuleChanged, RuleRemoved, RanksSpread, ForwardAdded, ForwardRemoved, NatSet>;
    using Commands = TypeList<AddRule, ChangeRule, RemoveRule, RestoreRule, AddForward, RemoveForward,
                              RestoreForward, SetNat>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("routing_rules", state.rules),
                          collection("routing_forwards", state.forwards),
                          singleton("routing_nat", state.nat));
    }
};

inline constexpr std::string_view nat_stream = "routing-nat";
inline constexpr std::size_t rules_limit = 1000;
inline constexpr std::size_t forwards_limit = 1000;
inline constexpr std::uint64_t rank_step = std::uint64_t{1} << 20;  ///< between two rules that were spread
[[nodiscard]] std::string rule_stream(const Uuid& id);
[[nodiscard]] std::string forward_stream(const Uuid& id);

/// With its position.
[[nodiscard]] ShownRule shown(const World& world, const Rule& rule);

void prepare(AddRule& command, Supply& supply);
void prepare(AddForward& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const AddRule& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeRule& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveRule& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreRule& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddForward& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveForward& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreForward& command);
[[nodiscard]] Result<Decision> decide(const World& world, const SetNat& command);

void evolve(State& state, const RuleAdded& event, const Meta& meta);
void evolve(State& state, const RuleChanged& event, const Meta& meta);
void evolve(State& state, const RuleRemoved& event, const Meta& meta);
void evolve(State& state, const RanksSpread& event, const Meta& meta);
void evolve(State& state, const ForwardAdded& event, const Meta& meta);
void evolve(State& state, const ForwardRemoved& event, const Meta& meta);
void evolve(State& state, const NatSet& event, const Meta& meta);
void reindex(State& state);

void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::routing
