// What several calls answer with that is no JSON.
#pragma once

#include <string_view>

namespace pic::api {

inline constexpr std::string_view plain_text = "text/plain; charset=utf-8";

}  // namespace pic::api
