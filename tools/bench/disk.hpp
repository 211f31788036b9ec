// The disk by itself: what one append costs that is on the disk before the next begins. Whoever acknowledges
// only what is durable cannot be faster at one client.
#pragma once

#include <filesystem>
#include <string>

namespace pic::bench {

/// Appends of 400 bytes with fdatasync(2) after each, to a file of its own in `folder`, which is removed.
[[nodiscard]] std::string synced_appends(const std::filesystem::path& folder, double seconds);

}  // namespace pic::bench
