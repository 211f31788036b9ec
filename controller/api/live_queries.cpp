#include "controller/api/live_queries.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <deque>
#include <utility>

#include "controller/api/queries.hpp"
#include "controller/http/api.hpp"
#include "projections/dispatch.hpp"
#include "projections/peers/peers.hpp"
#include "schema/record.hpp"

namespace pic::api {
namespace {

// The tables of adapters/wireguard/adapter.json.
const std::string wireguard_service = "wireguard";
const std::string received = "received_bytes", sent = "sent_bytes";

std::string number_or_null(std::optional<double> value) {
    return value ? std::to_string(static_cast<std::int64_t>(*value)) : "null";
}

/// Both courses on one time line: where only one has a point the other still holds its last value.
std::string points_json(const std::vector<core::LivePoint>& in, const std::vector<core::LivePoint>& out) {
    std::string json = "[";
    double last_in = 0, last_out = 0;
    for (std::size_t i = 0, o = 0; i < in.size() || o < out.size();) {
        const auto at = i == in.size()    ? out[o].at
                        : o == out.size() ? in[i].at
                                          : std::min(in[i].at, out[o].at);
        if (i < in.size() && in[i].at == at) last_in = in[i++].value;
        if (o < out.size() && out[o].at == at) last_out = out[o++].value;
        if (json.size() > 1) json += ',';
        json += "{\"at\":";
        write_json(json, at);
        json += fmt::format(",\"received_bytes\":{},\"sent_bytes\":{}}}", number_or_null(last_in),
                            number_or_null(last_out));
    }
    return json + "]";
}

void write_handshake(std::string& json, const core::LiveState& live, const std::string& key) {
    std::optional<double> seconds;
    live.visit(wireguard_service, "handshakes",
               [&](const auto& table) { seconds = table.number(key, "at"); });
    std::optional<Timestamp> at;
    if (seconds && *seconds > 0) at = Timestamp{static_cast<std::int64_t>(*seconds) * 1000};
    write_json(json, at);
}

void write_endpoint(std::string& json, const core::LiveState& live, const std::string& key) {
    std::string endpoint = "(none)";  // as wg(8) says it
    live.visit(wireguard_service, "endpoints",
               [&](const auto& table) { endpoint = table.text(key, "endpoint").value_or(endpoint); });
    if (endpoint == "(none)") {
        json += "null";
    } else {
        write_json_string(json, endpoint);
    }
}

/// {<column>: <cell>...}
void write_row(std::string& json, const core::LiveTable& table, const std::vector<std::string>& cells) {
    char before = '{';
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        json += std::exchange(before, ',');
        write_json_string(json, table.columns[i]);
        json += ':';
        json += cells[i];
    }
    json += '}';
}

}  // namespace

Result<http::QueryAnswer> service_live(core::Cell& cell, const http::Request& request, const World& world) {
    const std::string name(request.path_parameter("service"));
    if (!is_rendering_service(name))
        return reject("not_found", fmt::format("there is no service '{}'", name));
    return http::QueryAnswer{world.sequence, std::nullopt, cell.live().json(name)};
}

Result<http::QueryAnswer> live_list(core::Cell& cell, const http::Request& request, const World& world) {
    const auto name = std::string_view(request.operation->query).substr(live_list_prefix.size());
    const auto slash = name.find('/');
    const std::string after(request.query_parameter("cursor").value_or(""));
    const auto limit = limit_of(request);
    std::string body = "{\"items\":[", next = "null";
    cell.live().visit(std::string(name.substr(0, slash)), std::string(name.substr(slash + 1)),
                      [&](const core::LiveTable& table) {
                          std::size_t count = 0;
                          const std::string* last = nullptr;
                          for (auto row = table.rows.upper_bound(after); row != table.rows.end(); ++row) {
                              if (count++ == limit) {
                                  next.clear();
                                  write_json_string(next, *last);
                                  return;
                              }
                              last = &row->first;
                              if (body.back() != '[') body += ',';
                              write_row(body, table, row->second);
                          }
                      });
    return http::QueryAnswer{world.sequence, std::nullopt, body + "],\"next_cursor\":" + next + "}"};
}

Result<http::QueryAnswer> service_logs(core::Cell& cell, const http::Request& request, const World& world) {
    const std::string name(request.path_parameter("service"));
    if (!is_rendering_service(name))
        return reject("not_found", fmt::format("there is no service '{}'", name));
    constexpr std::size_t usual_limit = 100;
    const auto limit = request.query_number("limit").value_or(usual_limit);
    const auto since = parse_timestamp(request.query_parameter("since").value_or(""));
    std::deque<std::string> lines;
    cell.live().visit(name, "log", [&](const core::LiveTable& table) {
        for (const auto& [key, cells] : table.rows) {  // by time: so the keys are made
            const auto at = table.text(key, "at").value_or("");
            if (since && parse_timestamp(at) < since) continue;
            std::string line = "{\"at\":";
            write_json_string(line, at);
            line += ",\"program\":";
            write_json_string(line, table.text(key, "program").value_or(""));
            line += ",\"line\":";
            write_json_string(line, table.text(key, "line").value_or(""));
            lines.push_back(line + "}");
            if (lines.size() > limit) lines.pop_front();
        }
    });
    return http::QueryAnswer{world.sequence, std::nullopt,
                             fmt::format("{{\"items\":[{}],\"next_cursor\":null}}", fmt::join(lines, ","))};
}

Result<http::QueryAnswer> peer_traffic(core::Cell& cell, const http::Request& request, const World& world) {
    const auto id = parse_uuid(request.path_parameter("id"));
    const auto* peer = id ? world.get<peers::Service>().peers.find(*id) : nullptr;
    if (peer == nullptr)
        return reject("not_found",
                      fmt::format("there is no peer with the id {}", request.path_parameter("id")));
    const auto key = to_string(peer->settings.public_key);
    std::optional<double> in, out;
    cell.live().visit(wireguard_service, "transfer", [&](const auto& table) {
        in = table.number(key, received);
        out = table.number(key, sent);
    });
    std::string body =
        fmt::format("{{\"received_bytes\":{},\"sent_bytes\":{},\"latest_handshake\":", number_or_null(in),
                    number_or_null(out));
    write_handshake(body, cell.live(), key);
    body += ",\"endpoint\":";
    write_endpoint(body, cell.live(), key);
    body += ",\"points\":";
    const auto* history = cell.live_history();
    const auto course = [&](const std::string& column) {
        return history == nullptr ? std::vector<core::LivePoint>{}
                                  : history->series(wireguard_service, "transfer", key, column);
    };
    body += points_json(course(received), course(sent)) + "}";
    return http::QueryAnswer{world.sequence, std::nullopt, std::move(body)};
}

}  // namespace pic::api
