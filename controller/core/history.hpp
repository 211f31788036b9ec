// Worlds of the past. Any sequence is reached from the nearest world that is at hand (a snapshot, a world
// asked for lately, or nothing at all) by folding the events in between; since worlds share what they have in
// common, keeping a few costs little.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "controller/log/store.hpp"
#include "projections/world.hpp"
#include "schema/rejection.hpp"

namespace pic::core {

class History {
  public:
    /// A world at or before a sequence to start from, e.g. the nearest snapshot; nothing: start from the
    /// beginning.
    using Nearest = std::function<std::shared_ptr<const World>(Sequence)>;

    explicit History(const log::LogStore& store, Nearest nearest = {})
        : store_(store), nearest_(std::move(nearest)) {}

    /// The world after `sequence`. May take as long as a replay: not for the threads that serve requests.
    /// Rejection: "unknown_sequence" beyond the head. Throws BadEvent.
    [[nodiscard]] Result<std::shared_ptr<const World>> at(Sequence sequence);

    static constexpr std::size_t worlds_kept = 8;

  private:
    [[nodiscard]] std::shared_ptr<const World> start_for(Sequence sequence);
    void keep(std::shared_ptr<const World> world);

    const log::LogStore& store_;
    Nearest nearest_;
    std::mutex mutex_;
    std::deque<std::shared_ptr<const World>> recent_;  ///< newest use first
};

/// Folds the events in (world.sequence, to] into `world`. Throws BadEvent.
void replay(const log::LogStore& store, World& world, Sequence to);

}  // namespace pic::core
