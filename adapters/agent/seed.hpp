// What a service must find in the folder that it keeps things in, and never again touches once it is there:
// the space of a person, a first calendar. It is planted, not configured: whatever lies at a path stays as it
// is, and nothing is removed when it is no longer asked for, for by then it is somebody's.
#pragma once

#include <filesystem>
#include <string_view>

#include "schema/rejection.hpp"

namespace pic::agent {

/// Makes `path` under `root` where there is nothing: a folder where it ends in '/', else a file with this
/// text. Its folders are made as well. Refusal: "seed", also for a path that would lead elsewhere, be it by a
/// symbolic link.
[[nodiscard]] Result<void> plant(const std::filesystem::path& root, std::string_view path,
                                 std::string_view text);

}  // namespace pic::agent
