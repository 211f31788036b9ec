// The tables that the agent fills itself, of every service alike: what its programs said lately, and which
// live files are not what was written. They go the way of the other live tables, so that the controller keeps
// no more of them than of those, and is told of a change by the same message.
#pragma once

#include <string>

#include "adapters/agent/live.hpp"

namespace pic::agent {

inline constexpr std::size_t drift_files_limit = 16;  ///< that are told of
inline constexpr std::size_t drift_text_limit =
    12'000;                                            ///< bytes of either side of a file, less what is alike
inline constexpr std::size_t drift_context_lines = 3;  ///< alike, before and after what differs

/// "log": key (they sort by time), program, at, line.
[[nodiscard]] const TableSpec& log_table();
[[nodiscard]] LiveTables::Rows log_rows(const Runtime& runtime);

/// "drift": path, written, found: the part that differs. A file that is gone has nothing found. The
/// controller takes the secrets out before it shows any of it (controller/api/drift.cpp).
[[nodiscard]] const TableSpec& drift_table();
[[nodiscard]] std::string drift_row(const std::string& path, std::string_view written,
                                    std::string_view found);

}  // namespace pic::agent
