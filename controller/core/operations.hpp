// What people ask of a service's programs that is no change of what the service should have: a restart, or
// the same configuration once more. Such a request is no decision about the cell, so it is neither in the log
// nor kept over a start of the controller: it is handed to the service's agent when that asks for what it
// lacks (bus/server.hpp), ends with the agent's report, and who asked stands in the access log. One at a time
// for each service. (Rejected: an event without effect on the artefacts, which undo, restore and a replica
// would have to know not to repeat.)
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "schema/bundle.hpp"
#include "schema/rejection.hpp"

namespace pic::core {

/// How an operation stands, or ended.
struct OperationStatus {
    enum class State { asked, done, failed, lost };
    Operation what;
    Timestamp asked_at;
    std::optional<Timestamp> ended_at;
    State state = State::asked;
    std::string detail;  ///< what the agent said; why it is lost
};
[[nodiscard]] std::string_view name_of(OperationStatus::State state);

class Operations {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// Rejection: "operation_under_way".
    [[nodiscard]] Result<OperationStatus> ask(Operation what, Timestamp now, Time steady);
    /// What the service's agent, which took in `taken` last, is to carry out.
    [[nodiscard]] std::optional<Operation> for_agent(const std::string& service, const Uuid& taken) const;
    void report(const Report& report, Timestamp now);
    /// The one that was asked for last.
    [[nodiscard]] std::optional<OperationStatus> last(const std::string& service) const;

    /// Calls `done` when the operation has ended or `deadline` has passed (tick() looks). On the thread that
    /// completes it.
    using Waiter = std::move_only_function<void(OperationStatus)>;
    void wait(const Operation& what, Time deadline, Waiter done);
    void tick(Timestamp now, Time steady);

    /// Of an agent that says nothing: then the operation is lost, and another may be asked for.
    static constexpr std::chrono::seconds patience{120};

  private:
    struct Entry {
        OperationStatus status;
        Time lost_at;
    };
    struct Waiting {
        Operation what;
        Time deadline;
        Waiter done;
    };
    void finish_waiters(Time steady);

    mutable std::mutex mutex_;
    std::map<std::string, Entry> last_;  ///< by service
    std::vector<Waiting> waiting_;
};

}  // namespace pic::core
