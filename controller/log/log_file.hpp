// How the file log.db is found, made and believed in. What is not ours, of a newer program, or set otherwise
// than we asked for is refused before anything is written: a log that is not synced to the disk, or whose
// triggers somebody dropped, must not be taken for one.
#pragma once

#include <filesystem>

#include "controller/sqlite/database.hpp"
#include "schema/units.hpp"

namespace pic::log {

inline constexpr int format_version = 1;  ///< of log.db; a newer one is refused

/// schema/log.sql without its comments.
extern const char* const log_sql;

/// Looks at the file alone, before SQLite does. True: a log is there; false: nothing is. Throws OpenError for
/// a file that is something else, or of a newer version.
[[nodiscard]] bool log_exists(const std::filesystem::path& file);

/// A connection that writes, with every setting asserted and the tables compared with ours. With `make` a new
/// log is made for `cell` where the database is empty. Throws OpenError.
[[nodiscard]] sqlite::Database open_for_writing(const std::filesystem::path& file);
void make_log(const std::filesystem::path& file, const Uuid& cell, Timestamp now);

/// A connection that only reads; the log is open for writing elsewhere in this process.
[[nodiscard]] sqlite::Database open_for_reading(const std::filesystem::path& file);

[[nodiscard]] inline sqlite::Bytes bytes_of(const Uuid& id) { return {id.bytes.data(), id.bytes.size()}; }

}  // namespace pic::log
