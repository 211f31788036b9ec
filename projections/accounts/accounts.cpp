#include "projections/accounts/accounts.hpp"

#include <fmt/format.h>

#include "projections/accounts/decisions.hpp"
#include "projections/dispatch.hpp"

namespace pic::accounts {
namespace {

template <class S>
auto& clients(S& state, BusKind kind) {
    return kind == BusKind::agent ? state.agents : state.subscribers;
}

}  // namespace

Result<Decision> decide(const World&, const AddToken& command) {
    return change("tokens", "token",
                  TokenAdded{command.id, command.name, command.scopes, command.owner, command.expires_at,
                             command.sources, command.hash_ref});
}

Result<Decision> decide(const World& world, const RemoveToken& command) {
    if (!state_of(world).tokens.contains(command.id)) return missing("token", command.id);
    return change("tokens", "token", TokenRemoved{command.id}, true);
}

Result<Decision> decide(const World&, const InviteBusClient& command) {
    for (std::size_t i = 0; i < command.services.size(); ++i) {
        if (is_rendering_service(command.services[i])) continue;
        const auto detail = fmt::format("there is no service '{}'", command.services[i]);
        return reject("invalid_field", detail, {{fmt::format("/services/{}", i), detail}});
    }
    if (command.kind == BusKind::agent && command.services.empty()) {
        return reject("invalid_field", "an agent speaks for at least one service",
                      {{"/services", "name at least one service"}});
    }
    return change(collection_of(command.kind), enum_name(command.kind),
                  BusClientInvited{command.id, command.kind, command.name, command.services, command.scopes,
                                   command.enrolment_ref});
}

Result<Decision> decide(const World& world, const EnrolBusClient& command) {
    const auto* client = clients(state_of(world), command.kind).find(command.id);
    if (client == nullptr) return missing(enum_name(command.kind), command.id);
    if (client->public_key) return reject("token_used", "this enrolment token has been used already");
    if (state_of(world).by_bus_key.contains(command.public_key)) {
        return reject("key_taken", "another client of the bus has this key",
                      {{"/public_key", "this key is taken"}});
    }
    return change(collection_of(command.kind), enum_name(command.kind),
                  BusClientEnrolled{command.id, command.kind, command.public_key});
}

Result<Decision> decide(const World& world, const RemoveBusClient& command) {
    if (!clients(state_of(world), command.kind).contains(command.id))
        return missing(enum_name(command.kind), command.id);
    return change(collection_of(command.kind), enum_name(command.kind),
                  BusClientRemoved{command.id, command.kind}, true);
}

void evolve(State& state, const TokenAdded& event, const Meta& meta) {
    state.tokens.assign(event.id, Token{event.id, event.name, event.scopes, event.owner, event.expires_at,
                                        event.sources, event.hash_ref, meta.version, meta.at});
}

void evolve(State& state, const TokenRemoved& event, const Meta&) { state.tokens.erase(event.id); }

void evolve(State& state, const BusClientInvited& event, const Meta& meta) {
    clients(state, event.kind)
        .assign(event.id, BusClient{event.id, event.kind, event.name, event.services, event.scopes,
                                    std::nullopt, std::nullopt, event.enrolment_ref, meta.version, meta.at});
}

void evolve(State& state, const BusClientEnrolled& event, const Meta& meta) {
    if (BusClient* client = clients(state, event.kind).edit(event.id)) {
        client->public_key = event.public_key;
        client->enrolled_at = meta.at;
        client->enrolment_ref.reset();
        client->version = meta.version;
        state.by_bus_key.assign(event.public_key, event.id);
    }
}

void evolve(State& state, const BusClientRemoved& event, const Meta&) {
    auto& map = clients(state, event.kind);
    if (const auto* client = map.find(event.id); client != nullptr && client->public_key) {
        state.by_bus_key.erase(*client->public_key);
    }
    map.erase(event.id);
}

namespace {

void go_forward(BusKind kind, const CowMap<Uuid, BusClient>& then, const CowMap<Uuid, BusClient>& now,
                Forwarder& out) {
    CowMap<Uuid, BusClient>::diff(then, now, [&](const Uuid& id, const BusClient* was, const BusClient* is) {
        const bool same_key = was != nullptr && is != nullptr && was->public_key == is->public_key;
        if (was != nullptr && !same_key) out.add(RemoveBusClient{id, kind});
        if (is == nullptr || !is->public_key || same_key) return;
        out.add(InviteBusClient{id, kind, is->name, is->services, is->scopes, std::nullopt});
        out.add(EnrolBusClient{id, kind, *is->public_key});
    });
}

}  // namespace

void go_forward(Service, const World& restored, Forwarder& out) {
    if (out.replaced() == nullptr) return;
    const auto& then = restored.get<Service>();
    const auto& now = out.replaced()->get<Service>();
    then.tokens.for_each([&](const Uuid& id, const Token&) {
        if (!now.tokens.contains(id)) out.add(RemoveToken{id});
    });
    go_forward(BusKind::agent, then.agents, now.agents, out);
    go_forward(BusKind::subscriber, then.subscribers, now.subscribers, out);
}

void reindex(State& state) {
    reindex_people(state);
    state.by_bus_key.clear();
    for (const auto kind : {BusKind::agent, BusKind::subscriber}) {
        clients(state, kind).for_each([&](const Uuid& id, const BusClient& client) {
            if (client.public_key) state.by_bus_key.assign(*client.public_key, id);
        });
    }
}

}  // namespace pic::accounts
