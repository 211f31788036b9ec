// What the deciders of this folder have in common: each changes one thing, on a stream of its own.
#pragma once

#include <fmt/format.h>

#include "projections/accounts/accounts.hpp"
#include "projections/world.hpp"

namespace pic::accounts {

inline const State& state_of(const World& world) { return world.get<Service>(); }

inline std::string stream_of(std::string_view kind, const Uuid& id) {
    return fmt::format("{}-{}", kind, to_string(id));
}

inline std::string_view collection_of(BusKind kind) {
    return kind == BusKind::agent ? "agents" : "subscribers";
}

/// A change of one resource: one event on its stream.
template <class E>
Decision change(std::string_view collection, std::string_view kind, const E& event, bool removed = false) {
    Decision decision;
    const auto stream = stream_of(kind, event.id);
    decision.resource = {std::string(collection), to_string(event.id), stream, removed};
    decision.emit(stream, event);
    return decision;
}

/// The part of reindex() that concerns people.
void reindex_people(State& state);

}  // namespace pic::accounts
