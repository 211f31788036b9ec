// Brings one service from what is live to what is desired, and back when that fails. One change goes through
// these steps, in this order, each of which may end it:
//
//   needs     programs and devices are there          no: not_installed, asked again later
//   stage     files of a new version are written      no: refused
//   validate  the program's own check, and ours       no: refused
//   swap      the live link points to the new version no: refused
//   reload    start, signal, syncconf, addresses      no: again with growing pauses (retrying), then
//   rolled_back probe     the service answers as it should        no: rolled_back journal   the content is
//   kept as the last good    no: rolled_back
//
// and only then is it applied. Refused means that nothing live was touched, or that the program itself
// refused and changed nothing; rolled_back that the last good version was put back and reloaded. The
// journal's record is the one commit point: an agent that is killed before it comes back with the old
// content, after it with the new one.
//
// Blocking, on one thread that lives as long as the service (adapters/agent/process.hpp): the steps read from
// top to bottom. (Rejected: coroutines for what is a sequence, one at a time, of programs run to their end.)
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agent/content.hpp"
#include "adapters/agent/journal.hpp"
#include "adapters/agent/spec.hpp"

namespace pic::agent {

/// How often a failed reload is tried in all, and the pause before the second time; it doubles each time.
inline constexpr int reload_attempts = 4;
inline constexpr std::chrono::milliseconds reload_pause{200};

struct ApplierOptions {
    AdapterSpec spec;
    std::filesystem::path
        data;  ///< of this service, on disk, absolute: the journal, and live files that may lie there
    std::filesystem::path memory;  ///< of this service, on a tmpfs where there is one, absolute
    std::filesystem::path
        state;  ///< what the service keeps across all versions (mail, files, leases), absolute
    SealKey key{};
    Parameters overrides;  ///< win over the bundle's parameters and the adapter's defaults
    std::vector<std::string> program_folders;  ///< looked in before PATH
    bool private_namespace = true;             ///< false: the service's namespace is the agent's (containers)
    std::function<void(const Report&)> report;   ///< what is worth saying before the end: retrying
    std::function<void(std::string_view)> log;   ///< a line for people
    std::function<void()> program_restarted;     ///< call Applier::resume() soon; from another thread
    std::function<void(std::string_view)> step;  ///< every step as it begins or ends; tests crash here
};

class Applier {
  public:
    explicit Applier(ApplierOptions options);
    ~Applier();  ///< stop()
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;

    /// Makes the last good content live again and starts the programs. The report speaks of it; its sequence
    /// is 0 where there is none.
    Report recover();

    /// The last good content.
    [[nodiscard]] const Content& good() const;

    /// Makes `desired` live, or says why not. Its files need not differ from the good ones.
    Report apply(const Content& desired);

    /// The same, with nothing taken for being right already: every file is written anew, every step taken.
    /// What was edited by hand is put right by it.
    Report reapply(const Content& desired);

    /// Ends the programs, starts them on the last good content and probes.
    Report restart();

    /// After a program ended and was started again: what it has to be told, and the probe.
    Report resume();

    /// Probes, and compares the live files with what was written.
    Report look();

    /// Live state for people and tests, a JSON object: programs with their pids, "namespace_pid" of the
    /// private network.
    [[nodiscard]] std::string status() const;

    /// Messages that tell what changed in the adapter's tables (adapters/agent/live.hpp); none where nothing
    /// runs.
    [[nodiscard]] std::vector<std::string> live();
    /// The same of what every service has: its programs' output, and files that are not what was written.
    [[nodiscard]] std::vector<std::string> own_tables();
    /// The next live() and own_tables() tell everything anew.
    void forget_live();

    /// Ends the programs, last started first. Idempotent.
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::agent
