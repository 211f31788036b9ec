// What differs between two renderings, as people read it: a unified diff a file, made fragment by fragment,
// so that its cost is that of the change. Secrets are shown by reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "projections/core/render.hpp"

namespace pic::core {

struct ArtefactDiff {
    std::string service, path;
    std::string diff;  ///< "--- a/<path>", "+++ b/<path>", then a hunk a fragment: "@@ <key> @@" and lines
                       ///< with -, + or space
};

[[nodiscard]] std::vector<ArtefactDiff> diff_artefacts(const Artefacts& before, const Artefacts& after);

/// The lines of two texts, those removed marked "-", those added "+", common ones " ". Texts of more than
/// diff_line_limit lines are shown as removed and added whole.
[[nodiscard]] std::string diff_lines(std::string_view before, std::string_view after);

inline constexpr std::size_t diff_line_limit = 400;

/// [{"service","path","diff"}...]
[[nodiscard]] std::string to_json(const std::vector<ArtefactDiff>& diffs);

}  // namespace pic::core
