// Zones as text, out and in, and a question to the cell's own resolver.
#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "controller/api/dns_lookup.hpp"
#include "controller/api/fault.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/zone_text.hpp"
#include "controller/http/handlers/generic.hpp"
#include "projections/cell/cell.hpp"
#include "projections/dispatch.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::string_view zone_type = "text/dns; charset=utf-8";

std::optional<std::string> zone_text(core::Cell& cell, const World& world, std::string_view zone) {
    const auto artefacts = cell.publisher().artefacts(world);
    const auto dns = artefacts.find("dns");
    if (dns == artefacts.end()) return std::nullopt;
    const auto file = dns->second.files.find(fmt::format("zones/{}.zone", zone));
    if (file == dns->second.files.end()) return std::nullopt;
    return picture(file->second);
}

Rejection no_such_zone(std::string_view zone) {
    return {"not_found", fmt::format("The cell has no zone {}.", zone)};
}

void export_zone(Context& c, const Request& request, Responder respond) {
    const auto at = request.query_number("at");
    c.cell.post([&c, &request, at, respond = std::move(respond)]() mutable {
        try {
            const auto world = at ? c.cell.history().at(Sequence{*at})
                                  : Result<std::shared_ptr<const World>>(c.cell.world());
            if (!world) return std::move(respond)(world.error());
            const auto zone = request.path_parameter("zone");
            auto text = zone_text(c.cell, **world, zone);
            if (!text) return std::move(respond)(no_such_zone(zone));
            http::Response response;
            response.content_type = zone_type;
            response.seq = (*world)->sequence;
            response.body = *std::move(text);
            std::move(respond)(std::move(response));
        } catch (const std::exception& error) {
            std::move(respond)(fault(error));
        }
    });
}

http::CommandCall::Command add_command(const ZoneRecord& record) {
    std::string data = "{\"name\":";
    write_json_string(data, record.name);
    data += ",\"type\":";
    write_json_string(data, record.type);
    data += ",\"value\":";
    write_json_string(data, record.value);
    if (record.ttl) data += fmt::format(",\"ttl\":{}", *record.ttl);
    return {"AddDnsRecord", data + "}"};
}

/// What the zone does not have yet, so that an export can be taken back as it is. `lines`: where each command
/// comes from.
Result<http::CommandCall> import_call(Context& c, const Request& request, std::vector<std::size_t>& lines) {
    const auto zone = request.path_parameter("zone");
    const auto world = c.cell.world();
    const auto present = zone_text(c.cell, *world, zone);
    if (!present || zone != world->get<cell::Service>().cell.settings.domain.text)
        return std::unexpected(no_such_zone(zone));
    auto asked = parse_zone(request.body, zone);
    if (!asked) return std::unexpected(asked.error());
    const auto known = parse_zone(*present, zone).value_or(std::vector<ZoneRecord>{});
    http::CommandCall call;
    call.is_change_set = true;
    call.note = "zone import";
    for (const auto& record : *asked) {
        if (std::ranges::find(known, record) != known.end()) continue;
        call.commands.push_back(add_command(record));
        lines.push_back(record.line);
    }
    if (auto read = http::read_command_headers(request, call); !read) return std::unexpected(read.error());
    return call;
}

/// A refused record is named by its line: there is no JSON to point into.
Rejection with_lines(Rejection refused, const std::vector<std::size_t>& lines) {
    constexpr std::string_view several = "/commands/";
    for (auto& error : refused.errors) {
        std::size_t index = 0;
        if (error.pointer.starts_with(several)) {
            std::from_chars(error.pointer.data() + several.size(),
                            error.pointer.data() + error.pointer.size(), index);
        }
        if (index < lines.size()) error.pointer = fmt::format("line {}", lines[index]);
    }
    return refused;
}

void import_zone(Context& c, const Request& request, Responder respond) {
    const auto lines = std::make_shared<std::vector<std::size_t>>();
    auto call = import_call(c, request, *lines);
    if (!call) return std::move(respond)(call.error());
    if (call->commands.empty()) {
        const auto seq = c.cell.world()->sequence;
        auto response =
            http::json_response(200, fmt::format(R"({{"seq":{},"events":[],"resources":[]}})", seq.value));
        response.seq = seq;
        return std::move(respond)(std::move(response));
    }
    const auto shape = std::make_shared<http::CommandCall>();
    shape->dry_run = call->dry_run;
    c.commands.submit(*std::move(call), [&request, shape, lines, respond = std::move(respond)](
                                            Result<http::CommandAnswer> answer) mutable {
        if (!answer) return std::move(respond)(with_lines(std::move(answer.error()), *lines));
        std::move(respond)(http::command_response(request, *shape, *std::move(answer)));
    });
}

void query(Context& c, const Request& request, Responder respond) {
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    std::string_view name, type = "A";
    const bool read = parser.parse(request.body.data(), request.body.size()).get(json) == simdjson::SUCCESS &&
                      json["name"].get(name) == simdjson::SUCCESS;
    if (!read) return std::move(respond)(Rejection{"malformed_json", "The body is no JSON with a name."});
    if (json["type"].get(type) != simdjson::SUCCESS) type = "A";
    c.cell.post(
        [&c, name = std::string(name), type = std::string(type), respond = std::move(respond)]() mutable {
            auto reply = dns_lookup(c.resolver, name, type);
            if (!reply) return std::move(respond)(reply.error());
            std::move(respond)(http::json_response(200, to_json(*reply)));
        });
}

}  // namespace

void add_dns_handlers(http::Handlers& handlers, Context& c) {
    handlers["exportDnsZone"] = [&c](const Request& request, Responder respond) {
        export_zone(c, request, std::move(respond));
    };
    handlers["importDnsZone"] = [&c](const Request& request, Responder respond) {
        import_zone(c, request, std::move(respond));
    };
    handlers["queryDns"] = [&c](const Request& request, Responder respond) {
        query(c, request, std::move(respond));
    };
}

void add_handlers(http::Handlers& handlers, Context& context) {
    add_setup_handlers(handlers, context);
    add_sign_in_handlers(handlers, context);
    add_enrolment_handlers(handlers, context);
    add_peer_handlers(handlers, context);
    add_dns_handlers(handlers, context);
    add_artefact_handlers(handlers, context);
    add_health_handlers(handlers, context);
    add_vault_handlers(handlers, context);
    add_second_factor_handlers(handlers, context);
    add_invitation_handlers(handlers, context);
    add_secret_handlers(handlers, context);
    add_export_handlers(handlers, context);
    add_vault_key_handlers(handlers, context);
    add_access_log_handlers(handlers, context);
    add_backup_handlers(handlers, context);
    add_container_handlers(handlers, context);
    add_operation_handlers(handlers, context);
    add_finding_handlers(handlers, context);
}

}  // namespace pic::api
