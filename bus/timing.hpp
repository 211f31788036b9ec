// How long either side of the bus waits for what.
#pragma once

#include <chrono>

namespace pic::bus {

/// Silence after which a client says that it is there, and learns the head in return.
inline constexpr std::chrono::milliseconds heartbeat_interval{2000};
/// Silence after which the other side is taken for gone: three heartbeats and a little.
inline constexpr std::chrono::milliseconds silence_limit{7000};
/// A client asks anew for everything this often, whatever it has heard.
inline constexpr std::chrono::milliseconds ask_interval{10000};

}  // namespace pic::bus
