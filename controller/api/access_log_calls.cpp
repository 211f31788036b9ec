// Who came in, who was turned away, who looked at a secret; and tokens with their last use.
#include <charconv>

#include "controller/api/log_filters.hpp"
#include "controller/api/handlers.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/world.hpp"

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
    const auto limit = request.query_number("limit").value_or(default_entries);
    const auto entries = c.access_log.read(*cursor, limit, access_filter(request));
    std::string body = "{\"items\":";
    write_json(body, entries);
    body += ",\"next_cursor\":";
    body += entries.size() < limit ? "null}" : "\"" + std::to_string(entries.back().id) + "\"}";
    std::move(respond)(http::json_response(200, std::move(body)));
}

/// As GET of any list; what the log does not know of a token, its last use, is added.
void list_tokens(Context& c, const Request& request, Responder respond) {
    const auto at = request.query_number("at");
    const auto world = at ? c.cell.history().at(Sequence{*at}) : c.cell.world();
    if (!world) return std::move(respond)(world.error());
    const auto& tokens = (*world)->get<accounts::Service>().tokens;
    const auto limit = request.query_number("limit").value_or(default_entries);
    const auto cursor = request.query_parameter("cursor");
    const auto after = cursor ? parse_uuid(*cursor) : std::nullopt;
    if (cursor && !after) {
        const std::string detail = "is not one of this list";
        return std::move(respond)(Rejection{"invalid_field", detail, {{"?cursor", detail}}});
    }
    std::string items = "[", next = "null";
    std::size_t count = 0;
    Uuid last;
    const auto visit = [&](const Uuid& id, const accounts::Token& token) {
        if (count == limit) {
            next = "\"" + to_string(last) + "\"";
            return false;
        }
        if (count++ != 0) items += ',';
        write_public_json(items, token);
        items.pop_back();
        const auto use = c.access_log.last_use(id);
        items += ",\"last_used_at\":";
        write_json(items, use ? std::optional(use->at) : std::nullopt);
        items += ",\"last_used_from\":";
        write_json(items, use ? std::optional(use->source) : std::nullopt);
        items += '}';
        last = id;
        return true;
    };
    if (after) {
        tokens.for_each_after(*after, visit);
    } else {
        tokens.for_each_while(visit);
    }
    auto response = http::json_response(200, "{\"items\":" + items + "],\"next_cursor\":" + next + "}");
    response.seq = (*world)->sequence;
    std::move(respond)(std::move(response));
}

}  // namespace

void add_access_log_handlers(http::Handlers& handlers, Context& c) {
    handlers["listTokens"] = [&c](const Request& request, Responder respond) {
        c.cell.post([&c, &request, respond = std::move(respond)]() mutable {
            list_tokens(c, request, std::move(respond));
        });
    };
    handlers["listAccessLog"] = [&c](const Request& request, Responder respond) {
        c.cell.post(
            [&c, &request, respond = std::move(respond)]() mutable { list(c, request, std::move(respond)); });
    };
}

}  // namespace pic::api
