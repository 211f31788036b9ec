// The OpenAPI document (schema/openapi.yaml) as JSON, embedded when the program is built: it is served, it
// makes the router, and it validates every request, so it travels with the code that was built for it.
#pragma once

#include <string_view>

namespace pic {

[[nodiscard]] std::string_view openapi_json();

}  // namespace pic
