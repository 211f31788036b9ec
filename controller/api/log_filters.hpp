// What a call asks of one of the two logs, the same for its list and its export.
#pragma once

#include "controller/access/access_log.hpp"
#include "controller/http/message.hpp"
#include "controller/log/store.hpp"

namespace pic::api {

[[nodiscard]] inline std::string query_text(const http::Request& request, std::string_view name) {
    return std::string(request.query_parameter(name).value_or(""));
}

[[nodiscard]] inline log::Filter event_filter(const http::Request& request) {
    return {query_text(request, "type"),
            query_text(request, "stream"),
            query_text(request, "actor"),
            query_text(request, "source"),
            query_text(request, "request_id"),
            parse_timestamp(query_text(request, "since")),
            parse_timestamp(query_text(request, "until"))};
}

[[nodiscard]] inline access::AccessLog::Filter access_filter(const http::Request& request) {
    return {query_text(request, "kind"),
            query_text(request, "actor"),
            query_text(request, "source"),
            query_text(request, "request_id"),
            parse_timestamp(query_text(request, "since")),
            parse_timestamp(query_text(request, "until"))};
}

}  // namespace pic::api
