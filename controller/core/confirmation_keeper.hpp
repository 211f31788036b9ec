// Takes back what nobody confirmed in time (projections/confirmations/). What is due is read from the world
// each time it looks, so it is the same after a restart, and after a kill in the midst of anything: the undo
// and the end of the waiting are one change-set, which a confirmation that comes first turns away as a whole.
//
// A change that waits is taken back even where others built on it meanwhile: a revert that does not fire is
// worse than one that takes a later edit of the same thing along, and both stand in the log. The time is
// counted from when it was first seen here, so that a clock that is set neither hurries nor stops it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>

#include "controller/core/undo.hpp"
#include "projections/confirmations/confirmations.hpp"
#include "projections/world.hpp"

namespace pic::core {

class ConfirmationKeeper {
  public:
    struct Hooks {
        std::function<void(std::move_only_function<void()>)> post;  ///< to a thread that may read the log
        std::function<Result<Compensation>(const World&, Sequence)> plan;
        /// Makes the change, and tells what became of it.
        std::function<void(std::vector<AnyCommand>, std::optional<Sequence> causation,
                           std::function<void(Result<void>)>)>
            change;
    };
    explicit ConfirmationKeeper(Hooks hooks) : hooks_(std::move(hooks)) {}

    /// On one thread, often: costs nothing where no change waits.
    void look(const std::shared_ptr<const World>& world, Timestamp now,
              std::chrono::steady_clock::time_point steady);

    /// After a change could not be taken back because the log or the controller could not.
    static constexpr std::chrono::seconds retry_interval{5};

  private:
    using Time = std::chrono::steady_clock::time_point;

    void take_back(const World& world, const confirmations::Waiting& waiting);
    void settle(const confirmations::Waiting& waiting, std::vector<AnyCommand> commands,
                std::optional<Sequence> causation, std::optional<std::string> kept);

    Hooks hooks_;
    std::map<Uuid, Time> due_;
    std::shared_ptr<std::atomic<int>> under_way_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace pic::core
