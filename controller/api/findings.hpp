// Joins the watch over the cell's health to what it looks at.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "controller/broker/client.hpp"
#include "controller/core/cell.hpp"
#include "controller/health/watch.hpp"

namespace pic::api {

/// Starts to watch; all that is referred to must outlive it. `data`: whose disk counts; `resolver`: where the
/// cell's DNS answers, address:port.
[[nodiscard]] std::unique_ptr<health::Watch> watch_over(core::Cell& cell, const broker::Client& containers,
                                                        std::filesystem::path data, std::string resolver);

}  // namespace pic::api
