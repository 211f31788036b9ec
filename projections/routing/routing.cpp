#include "projections/routing/routing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::routing {
namespace {

const State& state_of(const World& world) { return world.get<Service>(); }

ResourceName rule_resource(const Uuid& id, bool removed = false) {
    return {"routing_rules", to_string(id), rule_stream(id), removed};
}
ResourceName forward_resource(const Uuid& id, bool removed = false) {
    return {"routing_forwards", to_string(id), forward_stream(id), removed};
}

Result<void> check(const RuleSettings<Plain>& s) {
    if (s.position == 0) return invalid_field("/position", "a position is a number from 1 to 65535");
    if (!s.source.is_any() && !s.destination.is_any() && s.source.is_v6() != s.destination.is_v6()) {
        return invalid_field("/destination",
                             "source and destination are of different families: no packet is both");
    }
    if (s.ports && s.protocol != Protocol::tcp && s.protocol != Protocol::udp) {
        return invalid_field("/ports", "only tcp and udp have ports");
    }
    return {};
}

/// One past the last.
Result<std::uint16_t> next_position(const World& world) {
    std::uint16_t last = 0;
    state_of(world).rules.for_each(
        [&](const Uuid&, const Rule& rule) { last = std::max(last, rule.settings.position); });
    if (last == std::numeric_limits<std::uint16_t>::max()) {
        return invalid_field("/position", "the last position is taken: give one");
    }
    return static_cast<std::uint16_t>(last + 1);
}

Decision change(const Rule& rule, const RuleSettings<Plain>& after) {
    Decision decision;
    decision.resource = rule_resource(rule.id);
    const RuleChanged changed{{rule.id, difference<RuleSettings>(rule.settings, after)}};
    if (!is_empty<RuleSettings>(changed.changes)) decision.emit(rule_stream(rule.id), changed);
    return decision;
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

std::string rule_stream(const Uuid& id) { return "rule-" + to_string(id); }
std::string forward_stream(const Uuid& id) { return "forward-" + to_string(id); }

void prepare(AddRule& command, Supply& supply) { command.id = supply.uuid(); }
void prepare(AddForward& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddRule& command) {
    if (!command.settings.action.present) return invalid_field("/action", "this field is required");
    RuleAdded added{{command.id, {}}};
    added.settings.enabled = true;
    apply_patch(added.settings, command.settings);
    if (!command.settings.position.present) {
        const auto position = next_position(world);
        if (!position) return std::unexpected(position.error());
        added.settings.position = *position;
    }
    if (auto ok = check(added.settings); !ok) return std::unexpected(ok.error());
    if (state_of(world).rules.size() >= rules_limit) {
        return reject("too_many", fmt::format("at most {} rules are kept", rules_limit));
    }
    Decision decision;
    decision.resource = rule_resource(command.id);
    decision.emit(rule_stream(command.id), added);
    return decision;
}

Result<Decision> decide(const World& world, const ChangeRule& command) {
    const auto rule = existing(state_of(world).rules, command.id, "rule");
    if (!rule) return std::unexpected(rule.error());
    auto after = (*rule)->settings;
    apply_patch(after, command.changes);
    if (auto ok = check(after); !ok) return std::unexpected(ok.error());
    return change(**rule, after);
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
    if (auto ok = check(command.settings); !ok) return std::unexpected(ok.error());
    if (const auto* present = state_of(world).rules.find(command.id))
        return change(*present, command.settings);
    Decision decision;
    decision.resource = rule_resource(command.id);
    decision.emit(rule_stream(command.id), RuleAdded{{command.id, command.settings}});
    return decision;
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
    state.rules.assign(event.id, Rule{event.id, event.settings, meta.version, meta.at, meta.at});
}

void evolve(State& state, const RuleChanged& event, const Meta& meta) {
    Rule* rule = state.rules.edit(event.id);
    if (rule == nullptr) return;
    apply_patch(rule->settings, event.changes);
    rule->version = meta.version;
    rule->updated_at = meta.at;
}

void evolve(State& state, const RuleRemoved& event, const Meta&) { state.rules.erase(event.id); }

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
    state.by_port.clear();
    state.forwards.for_each(
        [&](const Uuid& id, const Forward& f) { state.by_port.assign(port_key(f.protocol, f.port), id); });
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    CowMap<Uuid, Rule>::diff(state_of(now).rules, state_of(target).rules,
                             [&](const Uuid& id, const Rule*, const Rule* then) {
                                 if (!out.wants(rule_stream(id))) return;
                                 if (then == nullptr) {
                                     out.add(rule_stream(id), RemoveRule{id});
                                 } else {
                                     out.add(rule_stream(id), RestoreRule{{id, then->settings}});
                                 }
                             });
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
