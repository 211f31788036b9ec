// verify() for the log in SQLite: the calling thread reads rows and follows their links, a second one hashes
// them, so that the whole takes little longer than reading alone where there are two cores.
#pragma once

#include "controller/log/sqlite_reader.hpp"

namespace pic::log {

[[nodiscard]] Verdict verify_log(SqliteReader& reader, Sequence after, Sequence to,
                                 std::span<const TrustedKey> trusted,
                                 const std::function<void(Sequence)>& progress);

}  // namespace pic::log
