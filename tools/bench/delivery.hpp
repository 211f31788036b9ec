// From a command to the agent: a client changes a DNS record over HTTP, and an agent's end of the bus, the
// same code that pic-agent is made of, waits for it. The time ends when the bundle has been fetched, its
// digest checked and the agent's content moved on: from there on it is the service's own reload that counts.
#pragma once

#include <filesystem>
#include <string>

#include "tools/bench/workload.hpp"

namespace pic::bench {

struct DeliveryOptions {
    Target target;
    std::string bus;                 ///< "tcp://127.0.0.1:5560"
    std::string server_public_key;   ///< Z85
    std::filesystem::path key_file;  ///< of an agent that is listed for the service dns
    std::size_t count = 500;
    double gap_ms = 1;  ///< pause between commands, as etcd's watch has it
};

/// The public key of the agent whose pair is in the file; made where there is none.
[[nodiscard]] std::string agent_public_key(const std::filesystem::path& key_file);

[[nodiscard]] std::string delivery(const DeliveryOptions& options, Workload& workload);

}  // namespace pic::bench
