// Load over HTTP in a closed loop, as by many clients that each wait for their answer before they ask again.
// One thread and epoll for all of them, so that the client takes as little of the machine as it can.
#pragma once

#include <cstdint>
#include <string>

#include "tools/bench/workload.hpp"

namespace pic::bench {

struct LoadOptions {
    Target target;
    std::size_t clients = 1;
    double seconds = 3;        ///< how long requests are begun
    std::uint64_t events = 0;  ///< or until so many events are made; 0: by time alone
};

/// What it took, as Samples::json() has it. Throws std::runtime_error for the first answer that is no
/// success.
[[nodiscard]] std::string load(const LoadOptions& options, Workload& workload);

}  // namespace pic::bench
