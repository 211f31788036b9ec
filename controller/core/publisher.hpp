// From a committed world to the agents, off the commit path: renders what changed since the last time, keeps
// a few past revisions so that an agent that is a little behind gets only what it lacks, and resolves secrets
// on the way out, into the agent's bundle and nowhere else. What the agents report is kept here and not in
// the log: a report is no decision.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bus/server.hpp"
#include "controller/vault/vault.hpp"
#include "projections/core/render.hpp"
#include "projections/world.hpp"

namespace pic::core {

/// How one service stands: what is wanted and how far its agent came.
struct ServiceStatus {
    std::string name;
    bool enabled = true;
    Sequence desired;              ///< the newest sequence that changed what the service should have
    Sequence applied;              ///< the newest revision that its agent says is live
    bool connected = false;        ///< its agent is there
    std::optional<Report> report;  ///< the newest one
    /// applied, pending, refused, unreachable, disabled, not_installed
    [[nodiscard]] std::string_view state() const;
};

/// How a change fared at one service, for `Prefer: wait`.
struct AppliedTo {
    std::string service;
    Sequence revision;
    std::string state;  ///< applied, refused, rolled_back, timeout, not_installed
    std::string detail;
};

class Publisher {
  public:
    /// `cell` and `epoch` stamp the revisions.
    Publisher(Uuid cell, Epoch epoch, vault::Vault& vault);

    /// Renders what changed from the world rendered last to `world`, and shows it; which services got a new
    /// revision. One thread.
    std::vector<std::string> render(std::shared_ptr<const World> world);
    /// Renders what render() of the same object would, and shows nobody: for a world whose commit is still on
    /// its way to the disk. If it never comes to that, the work was in vain and nothing else. The same
    /// thread.
    void render_ahead(std::shared_ptr<const World> world);

    /// For an agent that has `have`. Rejection: "unknown_service", "secret_missing".
    [[nodiscard]] Result<bus::FetchAnswer> fetch(const std::string& service, const Position& have) const;
    void report(const Report& report);
    void connected(const std::vector<std::string>& services, bool is_there);

    [[nodiscard]] std::vector<ServiceStatus> status() const;
    [[nodiscard]] std::optional<ServiceStatus> status(const std::string& service) const;

    /// Calls `done` once every service that `sequence` concerns has applied or refused a revision that
    /// includes it, or when the deadline has passed (tick() looks). On the thread that completes it.
    using Waiter = std::move_only_function<void(std::vector<AppliedTo>)>;
    void wait(Sequence first, Sequence last, std::chrono::steady_clock::time_point deadline, Waiter done);
    void tick(std::chrono::steady_clock::time_point now);
    /// Told whenever a service's status changed; on the thread that changed it. Set before anything else
    /// runs.
    void on_status(std::function<void(const ServiceStatus&)> told) { told_ = std::move(told); }

    /// The artefacts of any world that is close to the one rendered last; cheap where it is that one.
    [[nodiscard]] Artefacts artefacts(const World& world) const;

    static constexpr std::size_t revisions_kept = 64;  ///< a service; an agent further behind gets everything

  private:
    struct Revision {
        Sequence sequence;
        RenderedService files;
        bool enabled = true;
    };
    struct Entry {
        std::deque<Revision> revisions;  ///< newest last; never empty once rendered
        ServiceStatus status;
    };
    /// What differs in a world from the one rendered last.
    struct Rendering {
        std::shared_ptr<const World> world;
        std::vector<std::pair<std::string, Revision>> changed;  ///< by service
    };
    struct Waiting {
        Sequence first, last;
        std::chrono::steady_clock::time_point deadline;
        Waiter done;
    };

    [[nodiscard]] Rendering rendering_of(std::shared_ptr<const World> world) const;
    [[nodiscard]] Result<Bundle> bundle(const std::string& service, const Revision* base,
                                        const Revision& now) const;
    [[nodiscard]] std::optional<std::vector<AppliedTo>> outcome(const Waiting& waiting, bool late) const;
    void finish_waiters(std::chrono::steady_clock::time_point now);

    Uuid cell_;
    Epoch epoch_;
    vault::Vault& vault_;
    std::function<void(const ServiceStatus&)> told_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry> services_;  ///< which there are is settled by the constructor
    std::shared_ptr<const World> rendered_;
    Rendering ahead_;  ///< the rendering thread's alone
    std::vector<Waiting> waiting_;
};

}  // namespace pic::core
