// Queries about what services know of themselves now: joined here from the cell's live tables and its
// resources, since neither the agents nor the live state know what a peer is.
#pragma once

#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"

namespace pic::api {

/// The live tables of one service. Rejection: "not_found".
[[nodiscard]] Result<http::QueryAnswer> service_live(core::Cell& cell, const http::Request& request,
                                                     const World& world);
/// One live table as a list of things, for `"x-query": "live:<service>/<table>"`: a column is a field.
inline constexpr std::string_view live_list_prefix = "live:";
[[nodiscard]] Result<http::QueryAnswer> live_list(core::Cell& cell, const http::Request& request,
                                                  const World& world);
/// What a service's programs said lately, oldest first: the last `limit`, not before `since`. Rejection:
/// "not_found".
[[nodiscard]] Result<http::QueryAnswer> service_logs(core::Cell& cell, const http::Request& request,
                                                     const World& world);
/// What passed to and from a peer, and the last day of it. Rejection: "not_found".
[[nodiscard]] Result<http::QueryAnswer> peer_traffic(core::Cell& cell, const http::Request& request,
                                                     const World& world);

}  // namespace pic::api
