// Who came in, who was turned away, who looked at a secret.
#include <charconv>

#include "controller/api/handlers.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::size_t default_entries = 100;

/// The id that a page ended with; 0 for the first page. Nothing: no cursor of ours.
std::optional<std::uint64_t> cursor_of(const Request& request) {
    const auto text = request.query_parameter("cursor").value_or("0");
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return id;
}

void list(Context& c, const Request& request, Responder respond) {
    const auto cursor = cursor_of(request);
    if (!cursor) {
        const std::string detail = "is not one of this list";
        return std::move(respond)(Rejection{"invalid_field", detail, {{"?cursor", detail}}});
    }
    access::AccessLog::Filter filter;
    filter.kind = request.query_parameter("kind").value_or("");
    filter.actor = request.query_parameter("actor").value_or("");
    filter.since = parse_timestamp(request.query_parameter("since").value_or(""));
    filter.until = parse_timestamp(request.query_parameter("until").value_or(""));
    const auto limit = request.query_number("limit").value_or(default_entries);
    const auto entries = c.access_log.read(*cursor, limit, filter);
    std::string body = "{\"items\":";
    write_json(body, entries);
    body += ",\"next_cursor\":";
    body += entries.size() < limit ? "null}" : "\"" + std::to_string(entries.back().id) + "\"}";
    std::move(respond)(http::json_response(200, std::move(body)));
}

}  // namespace

void add_access_log_handlers(http::Handlers& handlers, Context& c) {
    handlers["listAccessLog"] = [&c](const Request& request, Responder respond) {
        c.cell.post(
            [&c, &request, respond = std::move(respond)]() mutable { list(c, request, std::move(respond)); });
    };
}

}  // namespace pic::api
