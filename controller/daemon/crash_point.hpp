// Where the daemon kills itself, for crash tests: PIC_CRASH_AT=<step>[:<n>] names a step of the writer (see
// core::Writer::Step) and which passing of it ends the process, the first unless said otherwise. SIGKILL, as
// a power cut would have it: no destructor, no last words.
#pragma once

#include "controller/core/writer.hpp"

namespace pic::daemon {

/// By the environment. Empty where nothing is asked for. Throws std::invalid_argument for what is no step.
[[nodiscard]] core::Writer::Step crash_point();

}  // namespace pic::daemon
