// The verbs, done: each looks the container up among those that carry this cell's Compose project label and
// goes on with Docker's own id for it, so that a name of somebody else's container is simply not there. The
// containers that the cell cannot be managed without (its controller and this broker) can be restarted and
// not stopped.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "controller/broker/docker.hpp"
#include "controller/broker/request.hpp"

namespace pic::broker {

class Containers {
  public:
    /// `project`: Compose's name for this cell.
    Containers(Docker docker, std::string project)
        : docker_(std::move(docker)), project_(std::move(project)) {}

    /// What the verb answers, without "ok". Refusals: "docker_unreachable", "not_found", "conflict",
    /// "docker_refused".
    [[nodiscard]] Result<nlohmann::json> run(const Request& request) const;

  private:
    /// Docker's descriptions of the cell's containers, running or not.
    [[nodiscard]] Result<nlohmann::json> all() const;
    [[nodiscard]] Result<nlohmann::json> find(const std::string& name) const;
    [[nodiscard]] Result<nlohmann::json> act(const Request& request, const nlohmann::json& container) const;
    [[nodiscard]] Result<nlohmann::json> logs(const std::string& id, unsigned tail) const;
    [[nodiscard]] Result<nlohmann::json> stats(const std::string& id) const;

    Docker docker_;
    std::string project_;
};

}  // namespace pic::broker
