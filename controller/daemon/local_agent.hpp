// The agents of a cell's own runtime need no person to invite them: as long as a claimed cell has no agent
// that speaks for the services in question, a one-time token for one that does lies in a file, and goes away
// when the agent it let in has come over the bus: until then the answer to its enrolment may have been lost,
// and it asks again with the same token. In the local runtime that is one agent for all services, and
// <data>/agent-token, mode 0600, for whoever can read the data folder (which is the daemon's own user). In a
// stack it is one agent a service and <folder>/<service>/agent-token: each <service> is mounted into that
// service's container and no other, whose user is not ours, so the file can be read by those who see it; the
// folder above is closed to everybody else on the host.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "controller/core/cell.hpp"

namespace pic::accounts {
struct State;
}  // namespace pic::accounts

namespace pic::daemon {

class LocalAgent {
  public:
    static constexpr std::string_view local = "local";  ///< the name of the one agent for all services
    /// Whether an agent of this name is one of the runtime's own.
    static bool is_name(std::string_view agent);

    enum class Readers { owner, all };

    /// One agent for every service.
    LocalAgent(core::Cell& cell, std::filesystem::path token_file);
    /// One for this service alone.
    LocalAgent(core::Cell& cell, std::string service, std::filesystem::path token_file);

    /// Looks whether a token is wanted or superfluous. Cheap where nothing is to be done; any thread.
    void look();
    /// Told of every change of a service's status; cheap, any thread.
    void look(const core::ServiceStatus& status);

  private:
    void invite();
    [[nodiscard]] bool has_enrolled(const accounts::State& state) const;
    [[nodiscard]] bool is_waiting(const accounts::State& state) const;
    void keep(const vault::Secret& token) const;

    core::Cell& cell_;
    std::string name_;                   ///< of the agent
    std::vector<std::string> services_;  ///< that it speaks for
    Readers readers_;
    std::filesystem::path file_;
    std::atomic<bool> inviting_{false};
    std::atomic<bool> came_{false};  ///< over the bus, since this start
    std::atomic<bool> done_{false};  ///< such an agent is there: never looked for again
};

}  // namespace pic::daemon
