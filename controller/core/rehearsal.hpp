// Deciding a change-set against a world, without writing anything: what the writer does before it appends,
// and what a dry run does instead of appending. Command after command sees what the ones before it have done;
// the first refusal ends it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <unordered_map>
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

/// Gives a stream's version in the log (0: no such stream).
using VersionOf = std::function<StreamVersion(std::string_view stream)>;

/// Folds decisions into a world, whose sequence rises with each event; `at` is the time that they will have.
/// What it throws leaves the world half changed: throw that away too.
class Folding {
  public:
    Folding(World& world, Evolver& evolver, Timestamp at, const VersionOf& version_of)
        : world_(world), evolver_(evolver), at_(at), version_of_(version_of) {}
    void fold(Decision decision, Rehearsal& into);

  private:
    StreamVersion raise(const std::string& stream);

    World& world_;
    Evolver& evolver_;
    Timestamp at_;
    const VersionOf& version_of_;
    std::unordered_map<std::string, StreamVersion> versions_;  ///< of streams that were folded to
};

/// The same refusal with pointers into a change-set, "/commands/<index>/data/...".
[[nodiscard]] Rejection within_command(Rejection refused, std::size_t index);

/// Decides in order, folding each decision's events into `world`, whose sequence rises with them. A refusal
/// of one command among several says which by its pointer, "/commands/<n>/data/...".
[[nodiscard]] Result<Rehearsal> rehearse(World& world, Evolver& evolver, std::span<const AnyCommand> commands,
                                         Timestamp at, const VersionOf& version_of);

}  // namespace pic::core
