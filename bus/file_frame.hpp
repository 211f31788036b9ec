// One file of a bundle as one binary payload frame; the grammar is in docs/bus-protocol.md. Numbers are
// little-endian, texts have their length before them, so that nothing needs escaping and a reader can check
// each length before it believes it.
#pragma once

#include <string>
#include <string_view>

#include "schema/bundle.hpp"
#include "schema/rejection.hpp"

namespace pic::bus {

[[nodiscard]] std::string encode_file(const FileChange& file);
/// Refusals: "malformed".
[[nodiscard]] Result<FileChange> decode_file(std::string_view frame);

}  // namespace pic::bus
