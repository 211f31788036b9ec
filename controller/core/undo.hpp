// Undo and restore move forward: both compute the commands that bring today's world to a past one, by today's
// rules, and append what they come to. What only goes forward (SOA serials, rotated and removed keys,
// destroyed secrets, tokens, the epoch) stays as it is; docs/architecture.md lists it.
#pragma once

#include <vector>

#include "controller/core/history.hpp"
#include "controller/core/writer.hpp"

namespace pic::core {

/// Commands for the writer, and what they rely on.
struct Compensation {
    std::vector<AnyCommand> commands;
    std::vector<Expectation> expected;  ///< streams that must not move until it is written
    Sequence undoes;                    ///< the last event of the undone change; the causation of the new one
};

/// What becomes of later changes of the same things.
enum class Later {
    refused,      ///< they stand in the way
    taken_along,  ///< they go back too
};

/// What undoes the change that the event `sequence` is part of. Rejections: "not_found"; "undo_overlap" with
/// the events that came later on the same streams; "person_removed"; "nothing_to_undo" where all of it only goes forward, or
/// has been undone already.
[[nodiscard]] Result<Compensation> plan_undo(const log::LogStore& store, History& history, const World& now,
                                             Sequence sequence, Later later = Later::refused);

/// Whether an undo would take back all that a change does: `not_undoable` where a part of it only goes
/// forward.
[[nodiscard]] Result<void> check_undoable(const World& before, const World& after,
                                          const std::vector<NewEvent>& events);

/// What brings the whole cell to `sequence`. Rejections: "unknown_sequence", "nothing_to_undo".
[[nodiscard]] Result<Compensation> plan_restore(History& history, const World& now, Sequence sequence);

}  // namespace pic::core
