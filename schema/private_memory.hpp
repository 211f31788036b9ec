// A program of the cell holds secrets in its memory, and a core file would hold them too. The limit alone was
// rejected: the kernel does not look at it where core_pattern names a program (core(5)), as systemd sets it
// up.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace pic {

/// From here on there is no core file of this process, and nobody but root may look into its memory or attach
/// a debugger (prctl(2), PR_SET_DUMPABLE). A program that it starts keeps the limit and is otherwise its own.
inline void keep_memory_private() {
    constexpr rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace pic
