#include "projections/routing/routing.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <simdjson.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::routing {
namespace {

constexpr std::string_view order_stream = "routing-order";

const State& state_of(const World& world) { return world.get<Service>(); }

ResourceName rule_resource(const Uuid& id, bool removed = false) {
    return {"routing_rules", to_string(id), rule_stream(id), removed};
}
ResourceName forward_resource(const Uuid& id, bool removed = false) {
    return {"routing_forwards", to_string(id), forward_stream(id), removed};
}

Result<void> check(const RuleSettings<Plain>& s) {
    if (!s.source.is_any() && !s.destination.is_any() && s.source.is_v6() != s.destination.is_v6()) {
        return invalid_field("/destination",
                             "source and destination are of different families: no packet is both");
    }
    if (s.ports && s.protocol != Protocol::tcp && s.protocol != Protocol::udp) {
        return invalid_field("/ports", "only tcp and udp have ports");
    }
    return {};
}

Rank rank_of(const Rule& rule) { return {rule.rank, rule.id}; }

/// How many rules stand before it.
std::size_t index_of(const State& state, const Rule& rule) {
    return static_cast<std::size_t>(std::ranges::lower_bound(state.order, rank_of(rule)) -
                                    state.order.begin());
}

std::size_t position_of(const State& state, const Rule& rule) { return index_of(state, rule) + 1; }

struct Slot {
    std::uint64_t rank = 0;
    bool spread = false;  ///< all are to be given new ranks first
};

/// The rank of what is to stand at a position (from 1) among the others; `self`: which of them it is now.
Slot place_at(const State& state, std::size_t position, const Rule* self) {
    const auto others = state.order.size() - (self == nullptr ? 0 : 1);
    const auto before = std::min(position - 1, others);  // so many of the others
    const auto own = self == nullptr ? others : index_of(state, *self);
    const auto other = [&](std::size_t index) { return state.order[index < own ? index : index + 1].value; };
    const std::uint64_t low = before == 0 ? 0 : other(before - 1);
    if (before == others) return {low + rank_step};
    const auto middle = low + (other(before) - low) / 2;
    if (middle != low) return {middle};
    // Spread, each stands at its number of steps, and a rule that moves still counts among them.
    const auto slot = before < own ? before : before + 1;
    return {slot * rank_step + rank_step / 2, true};
}

void emit_spread(Decision& decision, const Slot& place) {
    if (place.spread) decision.emit(std::string(order_stream), RanksSpread{});
}

Result<void> check_position(const std::optional<std::uint16_t>& position) {
    if (position == std::uint16_t{0}) return invalid_field("/position", "a position is a number from 1");
    return {};
}

Result<Decision> change(const World& world, const Rule& rule, const RuleSettings<Plain>& after,
                        std::optional<std::uint64_t> rank, std::optional<std::uint16_t> position) {
    if (auto ok = check(after); !ok) return std::unexpected(ok.error());
    if (auto ok = check_position(position); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = rule_resource(rule.id);
    RuleChanged changed{rule.id, {}, difference<RuleSettings>(rule.settings, after)};
    const auto& state = state_of(world);
    if (position) {
        const auto wanted = std::min<std::size_t>(*position, state.order.size());
        if (wanted != position_of(state, rule)) {
            const auto place = place_at(state, wanted, &rule);
            emit_spread(decision, place);
            changed.rank = place.rank;
        }
    } else if (rank && *rank != rule.rank) {
        changed.rank = *rank;
    }
    if (changed.rank.present || !is_empty<RuleSettings>(changed.changes))
        decision.emit(rule_stream(rule.id), changed);
    return decision;
}

Result<Decision> add(const World& world, RuleAdded added, std::optional<std::uint64_t> rank,
                     std::optional<std::uint16_t> position) {
    if (auto ok = check(added.settings); !ok) return std::unexpected(ok.error());
    if (auto ok = check_position(position); !ok) return std::unexpected(ok.error());
    const auto& state = state_of(world);
    if (state.rules.size() >= rules_limit)
        return reject("too_many", fmt::format("at most {} rules are kept", rules_limit));
    Decision decision;
    decision.resource = rule_resource(added.id);
    if (rank) {
        added.rank = *rank;
    } else {
        const auto place =
            place_at(state, position ? std::size_t{*position} : state.order.size() + 1, nullptr);
        emit_spread(decision, place);
        added.rank = place.rank;
    }
    decision.emit(rule_stream(added.id), added);
    return decision;
}

/// Data of version 1 with a rank instead of its position, if it speaks of one.
std::string with_rank(const std::string& data) {
    simdjson::dom::parser parser;
    simdjson::dom::object json;
    if (parser.parse(data).get(json) != simdjson::SUCCESS) return data;
    std::string out = "{";
    for (const auto [key, value] : json) {
        if (out.size() > 1) out += ',';
        std::uint64_t position = 0;
        if (key == "position" && value.get(position) == simdjson::SUCCESS) {
            out += fmt::format("\"rank\":{}", position * rank_step);
        } else {
            out += fmt::format("\"{}\":{}", key, simdjson::minify(value));
        }
    }
    out += '}';
    return out;
}

void put_in_order(State& state, const Rank& rank) {
    state.order.insert(std::ranges::lower_bound(state.order, rank), rank);
}

void take_from_order(State& state, const Rank& rank) {
    const auto found = std::ranges::lower_bound(state.order, rank);
    if (found != state.order.end() && *found == rank) state.order.erase(found);
}

std::string port_key(Transport protocol, std::uint16_t port) {
    return fmt::format("{} {}", enum_name(protocol), port);
}

Result<void> check(const World& world, const ForwardAdded& f, const Moving& moving) {
    if (f.port == 0) return invalid_field("/port", "a port is a number from 1 to 65535");
    if (f.to_port == 0) return invalid_field("/to_port", "a port is a number from 1 to 65535");
    if (!is_private({f.to_address, 32}) ||
        f.to_address == cell::server_address(world.get<cell::Service>().cell.settings)) {
        return invalid_field("/to_address",
                             fmt::format("{} is no device in the VPN or behind it", to_string(f.to_address)));
    }
    if (f.protocol == Transport::udp &&
        f.port == world.get<wireguard::Service>().wireguard.settings.listen_port) {
        return reject_at("port_taken", "/port", "WireGuard itself listens on this port");
    }
    const auto* owner = state_of(world).by_port.find(port_key(f.protocol, f.port));
    if (owner != nullptr && *owner != f.id && !is_moving(moving, forward_stream(*owner))) {
        return reject_at("port_taken", "/port",
                         fmt::format("{} {} is forwarded already", enum_name(f.protocol), f.port));
    }
    return {};
}

Result<Decision> add(const World& world, const ForwardAdded& added, const Moving& moving) {
    if (auto ok = check(world, added, moving); !ok) return std::unexpected(ok.error());
    if (state_of(world).forwards.size() >= forwards_limit) {
        return reject("too_many", fmt::format("at most {} ports are forwarded", forwards_limit));
    }
    Decision decision;
    decision.resource = forward_resource(added.id);
    decision.emit(forward_stream(added.id), added);
    return decision;
}

}  // namespace

std::string RuleAdded::upcast(int, const std::string& data) { return with_rank(data); }
std::string RuleChanged::upcast(int, const std::string& data) { return with_rank(data); }

ShownRule shown(const World& world, const Rule& rule) { return {rule, position_of(state_of(world), rule)}; }

std::string rule_stream(const Uuid& id) { return "rule-" + to_string(id); }
std::string forward_stream(const Uuid& id) { return "forward-" + to_string(id); }

void prepare(AddRule& command, Supply& supply) { command.id = supply.uuid(); }
void prepare(AddForward& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddRule& command) {
    if (!command.settings.action.present) return invalid_field("/action", "this field is required");
    RuleAdded added{command.id, 0, {}};
    added.settings.enabled = true;
    apply_patch(added.settings, command.settings);
    return add(world, std::move(added), {}, command.position);
}

Result<Decision> decide(const World& world, const ChangeRule& command) {
    const auto rule = existing(state_of(world).rules, command.id, "rule");
    if (!rule) return std::unexpected(rule.error());
    auto after = (*rule)->settings;
    apply_patch(after, command.changes);
    return change(world, **rule, after, {}, command.position);
}

Result<Decision> decide(const World& world, const RemoveRule& command) {
    const auto rule = existing(state_of(world).rules, command.id, "rule");
    if (!rule) return std::unexpected(rule.error());
    Decision decision;
    decision.resource = rule_resource(command.id, true);
    decision.emit(rule_stream(command.id), RuleRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreRule& command) {
    if (const auto* present = state_of(world).rules.find(command.id))
        return change(world, *present, command.settings, command.rank, command.position);
    return add(world, {command.id, 0, command.settings}, command.rank, command.position);
}

Result<Decision> decide(const World& world, const AddForward& command) {
    return add(world,
               {command.id, command.protocol, command.port, command.to_address,
                command.to_port.value_or(command.port)},
               {});
}

Result<Decision> decide(const World& world, const RemoveForward& command) {
    const auto forward = existing(state_of(world).forwards, command.id, "forward");
    if (!forward) return std::unexpected(forward.error());
    Decision decision;
    decision.resource = forward_resource(command.id, true);
    decision.emit(forward_stream(command.id), ForwardRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreForward& command) {
    return add(world, command.forward, command.moving);
}

Result<Decision> decide(const World& world, const SetNat& command) {
    Decision decision;
    decision.resource = {"routing_nat", "", std::string(nat_stream)};
    if (state_of(world).nat.masquerade != command.masquerade) {
        decision.emit(std::string(nat_stream), NatSet{command.masquerade});
    }
    return decision;
}

void evolve(State& state, const RuleAdded& event, const Meta& meta) {
    const Rule rule{event.id, event.rank, event.settings, meta.version, meta.at, meta.at};
    if (const auto* present = state.rules.find(event.id)) take_from_order(state, rank_of(*present));
    put_in_order(state, rank_of(rule));
    state.rules.assign(event.id, rule);
}

void evolve(State& state, const RuleChanged& event, const Meta& meta) {
    Rule* rule = state.rules.edit(event.id);
    if (rule == nullptr) return;
    if (event.rank.present) {
        take_from_order(state, rank_of(*rule));
        rule->rank = event.rank.value;
        put_in_order(state, rank_of(*rule));
    }
    apply_patch(rule->settings, event.changes);
    rule->version = meta.version;
    rule->updated_at = meta.at;
}

void evolve(State& state, const RuleRemoved& event, const Meta&) {
    if (const auto* rule = state.rules.find(event.id)) take_from_order(state, rank_of(*rule));
    state.rules.erase(event.id);
}

void evolve(State& state, const RanksSpread&, const Meta&) {
    std::uint64_t rank = 0;
    for (auto& place : state.order) {
        place.value = rank += rank_step;
        state.rules.edit(place.id)->rank = rank;
    }
    ++state.spreads;
}

void evolve(State& state, const ForwardAdded& event, const Meta& meta) {
    state.by_port.assign(port_key(event.protocol, event.port), event.id);
    state.forwards.assign(event.id, Forward{event.id, event.protocol, event.port, event.to_address,
                                            event.to_port, meta.version, meta.at});
}

void evolve(State& state, const ForwardRemoved& event, const Meta&) {
    if (const auto* forward = state.forwards.find(event.id)) {
        const auto key = port_key(forward->protocol, forward->port);
        const auto* owner = state.by_port.find(key);
        if (owner != nullptr && *owner == event.id) state.by_port.erase(key);
    }
    state.forwards.erase(event.id);
}

void evolve(State& state, const NatSet& event, const Meta& meta) {
    state.nat = {event.masquerade, meta.version};
}

void reindex(State& state) {
    state.order.clear();
    state.rules.for_each([&](const Uuid&, const Rule& rule) { state.order.push_back(rank_of(rule)); });
    std::ranges::sort(state.order);
    state.by_port.clear();
    state.forwards.for_each(
        [&](const Uuid& id, const Forward& f) { state.by_port.assign(port_key(f.protocol, f.port), id); });
}

namespace {

void reconcile_rules(const State& is, const State& then, Reconciler& out) {
    CowMap<Uuid, Rule>::diff(is.rules, then.rules, [&](const Uuid& id, const Rule*, const Rule* after) {
        if (after == nullptr && out.wants(rule_stream(id))) out.add(rule_stream(id), RemoveRule{{id}});
    });
    const bool comparable = is.spreads == then.spreads;
    // In their order of then, so that positions come out right where ranks cannot be taken over.
    for (const auto& [rank, id] : then.order) {
        const auto* before = is.rules.find(id);
        const auto& after = *then.rules.find(id);
        const auto position = position_of(then, after);
        const bool stays =
            before != nullptr && (comparable ? before->rank == rank : position_of(is, *before) == position);
        const bool same =
            stays && is_empty<RuleSettings>(difference<RuleSettings>(before->settings, after.settings));
        if (same || !out.wants(rule_stream(id))) continue;
        RestoreRule back{id, {}, {}, after.settings};
        if (comparable) {
            back.rank = rank;
        } else {
            back.position = static_cast<std::uint16_t>(position);
        }
        out.add(rule_stream(id), std::move(back));
    }
}

}  // namespace

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    reconcile_rules(state_of(now), state_of(target), out);
    CowMap<Uuid, Forward>::diff(state_of(now).forwards, state_of(target).forwards,
                                [&](const Uuid& id, const Forward* is, const Forward* then) {
                                    if (!out.wants(forward_stream(id))) return;
                                    if (then == nullptr) {
                                        out.add(forward_stream(id), RemoveForward{id});
                                    } else if (is == nullptr) {
                                        const ForwardAdded back{id, then->protocol, then->port,
                                                                then->to_address, then->to_port};
                                        out.add(forward_stream(id), RestoreForward{back, out.moving()});
                                    }
                                });
    const auto& then = state_of(target).nat;
    if (out.wants(nat_stream) && then.masquerade != state_of(now).nat.masquerade) {
        out.add(std::string(nat_stream), SetNat{then.masquerade});
    }
}

}  // namespace pic::routing
