// Which time zones there are: those of the machine's database (Debian's tzdata), which every service's
// program reads too. It is asked where a request comes in, and not by decide(), which is pure: a zone that a
// later database has dropped is still what was decided. Compiling a list in was rejected: zones come several
// times in a decade.
#pragma once

#include <string_view>

#include "schema/rejection.hpp"
#include "schema/scalars.hpp"

namespace pic::core {

/// Whether `name`, of the form of a TimeZone, names a zone in /usr/share/zoneinfo. UTC always does.
[[nodiscard]] bool is_time_zone(std::string_view name);

/// The refusal, `invalid_field` at `pointer`, where there is no such zone.
[[nodiscard]] Result<void> check_time_zone(const TimeZone& zone, std::string_view pointer);

}  // namespace pic::core
