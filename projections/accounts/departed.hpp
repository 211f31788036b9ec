// People who have been removed. Their secrets are destroyed for ever, so neither an undo nor a restore brings
// back them or what was theirs: whoever reconciles something that belongs to a person asks here.
#pragma once

#include <string_view>

namespace pic {
class World;
}

namespace pic::accounts {

/// Whether the person who had this name in `then` has been removed since.
[[nodiscard]] bool has_left(const World& now, const World& then, std::string_view username);

}  // namespace pic::accounts
