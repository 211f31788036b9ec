// What a caller is told when machinery broke while it was served: a log that cannot be read is named as that,
// with the place, and everything else is the daemon's own business.
#pragma once

#include <exception>

#include "schema/rejection.hpp"

namespace pic::api {

/// log_damaged, log_io or internal.
[[nodiscard]] Rejection fault(const std::exception& error);

}  // namespace pic::api
