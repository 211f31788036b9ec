// Deciding a change-set against a world, without writing anything: what the writer does before it appends,
// and what a dry run does instead of appending. Command after command sees what the ones before it have done;
// the first refusal ends it.
#pragma once

#include <span>
#include <vector>

#include "projections/core/command.hpp"
#include "projections/dispatch.hpp"
#include "projections/world.hpp"

namespace pic::core {

/// What a change-set comes to.
struct Rehearsal {
    std::vector<NewEvent> events;
    std::vector<ResourceName> resources;  ///< one a command
};

/// The same refusal with pointers into a change-set, "/commands/<index>/data/...".
[[nodiscard]] Rejection within_command(Rejection refused, std::size_t index);

/// Decides in order, folding each decision's events into `world`, whose sequence rises with them. A refusal
/// of one command among several says which by its pointer, "/commands/<n>/data/...". `at` is the time that
/// the events will have. `version_of` gives a stream's version in the log (0: no such stream).
[[nodiscard]] Result<Rehearsal> rehearse(
    World& world, Evolver& evolver, std::span<const AnyCommand> commands, Timestamp at,
    const std::function<StreamVersion(std::string_view stream)>& version_of);

}  // namespace pic::core
