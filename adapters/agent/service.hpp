// One service of an agent: what came over the bus on one side, the applier on the other. Bundles move the
// held content on at once, on the bus's thread; this service's own thread applies the newest content whenever
// it is free, tries again what may yet succeed, and looks at intervals whether what is live is still right
// and well.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/agent/applier.hpp"

namespace pic::agent {

inline constexpr std::chrono::seconds look_interval{15};
inline constexpr std::chrono::seconds live_interval{5};      ///< of the tables
inline constexpr std::chrono::seconds first_retry_pause{5};  ///< doubles up to longest_retry_pause
inline constexpr std::chrono::seconds longest_retry_pause{300};

class Service {
  public:
    struct Outlet {
        std::function<void(const Report&)> report;       ///< called on the service's thread
        std::function<void(const std::string&)> status;  ///< a JSON object, when it has changed; likewise
        std::function<void(const std::string&)> live;    ///< what changed in its tables; likewise
        std::function<void()> ready;                     ///< have() has an answer from now on
        std::function<void(const Content&)> held;        ///< a bundle was taken in; on the thread of offer()
    };

    /// Starts the thread, which first makes the last good content live. `options.report` and
    /// `options.program_restarted` are the service's own.
    Service(ApplierOptions options, Outlet outlet);
    ~Service();  ///< stop()
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // For any thread.

    /// The position of the held content; nothing until the last good one has been read.
    [[nodiscard]] std::optional<Position> have() const;
    /// Takes a bundle in. Refusals: those of advance(). After "wrong_root" and "wrong_base" nothing is held,
    /// so that a full bundle is asked for; a position that went back is refused all the same.
    Result<void> offer(const Bundle& bundle);
    /// Carries it out after what waits to be applied; the report that names it tells how it ended.
    void operate(const Operation& operation);
    /// The controller has forgotten what the tables told it: they are told anew.
    void tell_anew();
    /// What the controller refused is told as a report; what is live stays so.
    void refused(const Rejection& why);
    /// Ends the programs and the thread. Idempotent.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pic::agent
