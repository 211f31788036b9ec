// The `format`s that our schemas may name. Each is one of the typed scalars (schema/scalars.hpp) or units, so
// that the edge and the domain judge by the same parser. The table is closed: a schema that names another
// does not compile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pic {

struct JsonFormat {
    std::string_view name;
    /// What is wrong with the text, "must be ...", or nothing.
    std::optional<std::string> (*fault)(std::string_view text);
};

/// nullptr when there is no such format.
const JsonFormat* find_json_format(std::string_view name);

}  // namespace pic
