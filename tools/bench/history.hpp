// What a long log costs to read: a raw scan by SQLite, the rebuild of every projection, the walk along the
// hash chain. In one process and in turns, so that the page cache and a noisy neighbour treat all three
// alike. picd must not run: the log has one owner.
#pragma once

#include <filesystem>
#include <string>

namespace pic::bench {

/// {"raw":[...],"rebuild":[...],"verify":[...]} in seconds, and {"events":[n]}.
[[nodiscard]] std::string history(const std::filesystem::path& data, int rounds);

}  // namespace pic::bench
