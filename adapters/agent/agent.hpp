// The agent as a whole: its services and its end of the bus, joined. Everything that varies is an argument,
// so that a test runs the very thing that the program does.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agent/spec.hpp"
#include "bus/client.hpp"

namespace pic::agent {

struct AgentOptions {
    std::filesystem::path data;         ///< the agent's own folder on disk, absolute
    std::filesystem::path state;        ///< what services keep lies in folders of their names here, absolute
    std::filesystem::path memory;       ///< its folder for secrets, on a tmpfs where there is one, absolute
    std::vector<AdapterSpec> adapters;  ///< a service each
    Parameters overrides;               ///< see ApplierOptions
    std::vector<std::string> program_folders;
    bool private_namespace = true;
    std::string bus;                ///< "tcp://host:port"
    std::string server_public_key;  ///< Z85
    bus::KeyPair keys;
    std::function<void(std::string_view service, std::string_view line)> log;
    std::function<void(std::string_view service, std::string_view step)> step;  ///< see ApplierOptions
    std::function<void(const Report& report)> reported;  ///< whenever there is a new one
    std::function<void(std::string_view service, const Position& held)> held;  ///< a bundle was taken in
};

class Agent {
  public:
    /// Starts everything. Refusals: "key_file"; throws std::runtime_error for a bad bus address or key.
    static Result<std::unique_ptr<Agent>> start(AgentOptions options);
    ~Agent();  ///< leaves the bus, then ends the services' programs, the last service first
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

  private:
    struct Impl;
    explicit Agent(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::agent
