// What a call asks of the access log, the same for its list and its export.
#pragma once

#include "controller/access/access_log.hpp"
#include "controller/http/message.hpp"

namespace pic::api {

[[nodiscard]] inline access::AccessLog::Filter access_filter(const http::Request& request) {
    const auto text = [&](std::string_view name) {
        return std::string(request.query_parameter(name).value_or(""));
    };
    return {text("kind"),
            text("actor"),
            text("source"),
            text("request_id"),
            parse_timestamp(text("since")),
            parse_timestamp(text("until"))};
}

}  // namespace pic::api
