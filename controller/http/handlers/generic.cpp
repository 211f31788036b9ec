#include "controller/http/handlers/generic.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "schema/record.hpp"
#include "schema/sha256.hpp"

namespace pic::http {
namespace {

/// Longest wait for agents that a client may ask for; longer ones are cut to it.
constexpr std::chrono::seconds longest_wait{60};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "5" with its quotes, as ETag gave it; "*" asks for nothing, since a change needs its resource anyway.
Result<std::optional<StreamVersion>> read_if_match(std::string_view text) {
    if (text.empty() || text == "*") return std::nullopt;
    if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
        if (const auto version = number(text.substr(1, text.size() - 2))) return StreamVersion{*version};
    }
    return std::unexpected(
        invalid_fields({{"If-Match:", "must be an ETag of this API, a number in quotes"}}));
}

/// Pic-Confirm-Within: a day at most, since it stands for somebody who is looking on.
constexpr std::uint64_t longest_confirmation = 24 * 60 * 60;

Result<std::optional<std::uint32_t>> read_confirm_within(const Request& request) {
    if (!request.has_header("Pic-Confirm-Within")) return std::nullopt;
    const auto seconds = number(request.header("Pic-Confirm-Within"));
    if (seconds && *seconds >= 1 && *seconds <= longest_confirmation)
        return static_cast<std::uint32_t>(*seconds);
    return std::unexpected(
        invalid_fields({{"Pic-Confirm-Within:",
                         fmt::format("must be a number of seconds from 1 to {}", longest_confirmation)}}));
}

/// The body with the path's parameters before its own fields: {"id":"...","name":"..."}.
std::string command_data(const Request& request) {
    std::string data = "{";
    for (const auto& parameter : request.operation->parameters) {
        if (parameter.in != Parameter::In::path) continue;
        if (data.size() > 1) data += ',';
        data += '"' + parameter.name + "\":";
        const auto value = request.path_parameter(parameter.name);
        if (parameter.is_number) {
            data += value;
        } else {
            write_json_string(data, value);
        }
    }
    auto body = request.body.empty() ? std::string_view("{}") : request.body;
    if (data.size() == 1) return std::string(body);
    body.remove_prefix(body.find('{') + 1);
    if (body.find_first_not_of(" \t\r\n") != body.find('}')) data += ',';
    return data.append(body);
}

Result<CommandCall> change_set_call(const Request& request, const Api& api) {
    CommandCall call;
    call.is_change_set = true;
    simdjson::dom::parser parser;
    const auto root = parse_json(parser, request.body);
    if (!root) return std::unexpected(root.error());
    std::string_view note;
    if ((*root)["note"].get(note) == simdjson::SUCCESS) call.note = note;
    const simdjson::dom::array commands = (*root)["commands"].get_array().value_unsafe();
    for (const auto entry : commands) {
        const auto type = entry["type"].get_string().value_unsafe();
        const auto scope = api.command_scope(type);
        if (scope.empty()) return reject("forbidden", fmt::format("{} is no part of a change-set.", type));
        if (auto allowed = access::authorize(request.principal->scopes, scope); !allowed)
            return std::unexpected(std::move(allowed.error()));
        simdjson::dom::element data;
        const bool has_data = entry["data"].get(data) == simdjson::SUCCESS;
        call.commands.push_back({std::string(type), has_data ? simdjson::minify(data) : "{}"});
    }
    return call;
}

void json_member(std::string& out, std::string_view name, std::string_view json) {
    if (json.empty()) return;
    if (out.size() > 1) out += ',';
    out += '"';
    out += name;
    out += "\":";
    out += json;
}

void run_command(const Request& request, Result<CommandCall> call, Commands& commands, Responder respond) {
    if (call) {
        if (auto read = read_command_headers(request, *call); !read) call = std::unexpected(read.error());
    }
    if (!call) return std::move(respond)(call.error());
    // The answer is shaped by what was asked, which travels in the request: it lives as long as the
    // Responder.
    const auto shape = std::make_shared<CommandCall>();
    shape->dry_run = call->dry_run;
    shape->wait = call->wait;
    shape->is_change_set = call->is_change_set;
    commands.submit(*std::move(call),
                    [&request, shape, respond = std::move(respond)](Result<CommandAnswer> answer) mutable {
                        if (!answer) return std::move(respond)(answer.error());
                        std::move(respond)(command_response(request, *shape, *std::move(answer)));
                    });
}

void run_query(const Request& request, Queries& queries, Responder respond) {
    queries.query(request, [respond = std::move(respond)](Result<QueryAnswer> answer) mutable {
        if (!answer) return std::move(respond)(answer.error());
        Response response = json_response(200, std::move(answer->body));
        response.content_type = answer->content_type;
        response.seq = answer->seq;
        response.version = answer->version;
        std::move(respond)(std::move(response));
    });
}

}  // namespace

/// What is not known is ignored.
std::optional<std::chrono::seconds> read_wait(std::string_view prefer) {
    while (!prefer.empty()) {
        auto one = prefer.substr(0, prefer.find(','));
        prefer.remove_prefix(std::min(one.size() + 1, prefer.size()));
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        if (!one.starts_with("wait=")) continue;
        if (const auto seconds = number(one.substr(5))) {
            return std::chrono::seconds(std::min<std::uint64_t>(*seconds, longest_wait.count()));
        }
    }
    return std::nullopt;
}

Result<void> read_command_headers(const Request& request, CommandCall& call) {
    call.principal = request.principal;
    call.own_only = request.own_only;
    call.source = request.remote;
    call.request_id = request.request_id;
    call.dry_run = request.query_parameter("dry_run") == "true";
    auto version = read_if_match(request.header("If-Match"));
    if (!version) return std::unexpected(version.error());
    call.if_match = *version;
    call.wait = read_wait(request.header("Prefer"));
    auto within = read_confirm_within(request);
    if (!within) return std::unexpected(within.error());
    call.confirm_within = *within;
    call.idempotency_key = request.header("Idempotency-Key");
    if (!call.idempotency_key.empty()) {
        call.idempotency_scope = fmt::format("{} {} {}", request.principal ? request.principal->actor : "",
                                             to_string(request.method), request.path);
        call.body_digest = sha256(request.body);
    }
    return {};
}

Result<CommandCall> command_call(const Request& request) {
    CommandCall call;
    call.commands.push_back({request.operation->command, command_data(request)});
    return call;
}

Response command_response(const Request& request, const CommandCall& call, CommandAnswer answer) {
    std::string body = "{";
    if (!call.dry_run) json_member(body, "seq", std::to_string(answer.seq.value));
    json_member(body, "events", answer.events);
    json_member(body, "resource", answer.resource);
    json_member(body, "resources", answer.resources);
    json_member(body, "applied", answer.applied);
    json_member(body, "artefacts", answer.artefacts);
    body += '}';
    Response response = json_response(200, std::move(body));
    response.seq = answer.seq;
    if (call.dry_run) return response;
    response.version = answer.version;
    if (request.operation->creates) {
        response.status = 201;
        if (!answer.resource_id.empty()) {
            response.headers.emplace_back("Location", fmt::format("{}/{}", request.path, answer.resource_id));
        }
    } else if (request.method == Method::remove && !call.wait) {
        response.status = 204;
        response.body.clear();
    }
    return response;
}

void add_generic_handlers(Handlers& handlers, const Api& api, Commands& commands, Queries& queries) {
    const auto document = std::make_shared<const std::string>(api.document());
    handlers.try_emplace("getOpenapi", [document](const Request&, Responder respond) {
        Response response;
        response.shared_body = document;
        response.headers.emplace_back("Cache-Control", "no-cache");
        std::move(respond)(std::move(response));
    });
    for (const auto& operation : api.operations()) {
        if (operation.change_set) {
            handlers.try_emplace(operation.id, [&api, &commands](const Request& request, Responder respond) {
                run_command(request, change_set_call(request, api), commands, std::move(respond));
            });
        } else if (!operation.command.empty()) {
            handlers.try_emplace(operation.id, [&commands](const Request& request, Responder respond) {
                run_command(request, command_call(request), commands, std::move(respond));
            });
        } else if (!operation.query.empty()) {
            handlers.try_emplace(operation.id, [&queries](const Request& request, Responder respond) {
                run_query(request, queries, std::move(respond));
            });
        }
    }
}

}  // namespace pic::http
