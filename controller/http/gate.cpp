#include "controller/http/gate.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "controller/http/pass_on.hpp"

namespace pic::http {
namespace {

/// Simdjson's buffers grow with the largest body they have seen; this one is let go again.
constexpr std::size_t parser_keep_bytes = 64 * 1024;

bool is_safe(Method method) {
    return method == Method::get || method == Method::head || method == Method::options;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// Lower-case type/subtype, without parameters.
std::string media_type(std::string_view header) {
    auto type = header.substr(0, header.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    std::string out(type);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

/// The value of one cookie of a Cookie header (RFC 6265 5.4). A name given twice is no cookie of ours.
std::string_view cookie_value(std::string_view header, std::string_view name) {
    std::string_view value;
    while (!header.empty()) {
        auto part = header.substr(0, header.find(';'));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        while (part.starts_with(' ')) part.remove_prefix(1);
        if (part.size() <= name.size() || !part.starts_with(name) || part[name.size()] != '=') continue;
        if (!value.empty()) return {};
        value = part.substr(name.size() + 1);
    }
    return value;
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) return equal_ignoring_case(origin.substr(scheme.size()), host);
    }
    return false;
}

bool accepts_gzip(const Request& request) {
    return request.header("Accept-Encoding").find("gzip") != std::string_view::npos;
}

Response allow_answer(const Request& request, std::string allow, bool is_options) {
    Response response = is_options ? json_response(204, {})
                                   : problem({"method_not_allowed", fmt::format("Allowed here: {}.", allow)},
                                             request.request_id);
    response.headers.emplace_back("Allow", std::move(allow));
    return response;
}

}  // namespace

struct Gate::Parser {
    simdjson::dom::parser json;
};

Gate::Gate(const Router& router, Gatekeeper& gatekeeper, Hosts hosts, StaticFiles files, bool passes_on)
    : router_(router),
      gatekeeper_(gatekeeper),
      hosts_(std::move(hosts)),
      files_(std::move(files)),
      passes_on_(passes_on),
      parser_(std::make_unique<Parser>()) {
    to_files_.id = "dav";
    to_files_.scope = "session";
    to_files_.index = static_cast<std::size_t>(-1);  // counted with what is no call of the API
}

Gate::~Gate() = default;

std::optional<Response> Gate::admit(Request& request, const PrincipalPtr& local) {
    const auto refuse = [&](const Rejection& rejection) { return problem(rejection, request.request_id); };
    if (!request.is_local) {
        const auto host = request.header("Host");
        if (host.empty()) return refuse({"malformed_request", "The request has no Host header."});
        if (!hosts_.knows(host))
            return refuse({"unknown_host", "The Host header names none of this cell's names."});
    }
    if (auto answer = route(request)) return answer;
    if (!request.operation->before_claim && !gatekeeper_.claimed()) return refuse({"setup_required", {}});
    if (auto allowed = authorize(request, local); !allowed) return refuse(allowed.error());
    if (auto fits = check_media_type(request); !fits) return refuse(fits.error());
    if (request.operation->not_built) return refuse({"not_built", {}});
    const bool is_change = !request.operation->command.empty() || request.operation->change_set;
    if (request.has_header("Pic-Confirm-Within") && !is_change) {
        return refuse({"invalid_field", "Pic-Confirm-Within is for changes, and this call makes none."});
    }
    return std::nullopt;
}

std::optional<Response> Gate::route(Request& request) {
    const bool is_options = request.method == Method::options;
    if (passes_on_ && request.path.starts_with(passed_on_path)) {
        request.operation = &to_files_;
        return std::nullopt;
    }
    auto match = router_.match(request.method, request.path);
    if (match.operation) {
        request.operation = match.operation;
        request.path_parameters = std::move(match.parameters);
        return std::nullopt;
    }
    if (match.path_known) return allow_answer(request, std::move(match.allow), is_options);
    const bool is_api = request.path.starts_with("/api/") || request.path == "/api";
    if (!is_api && is_safe(request.method)) {
        if (is_options) return allow_answer(request, "GET, HEAD, OPTIONS", true);
        if (auto file = files_.find(request.path, accepts_gzip(request))) return file;
    }
    return problem({"not_found", "There is nothing at this path."}, request.request_id);
}

Result<PrincipalPtr> Gate::identify(const Request& request, const PrincipalPtr& local) const {
    if (const auto header = request.header("Authorization"); !header.empty()) {
        constexpr std::string_view scheme = "bearer ";
        PrincipalPtr principal;
        if (header.size() > scheme.size() && equal_ignoring_case(header.substr(0, scheme.size()), scheme)) {
            principal = gatekeeper_.by_bearer(header.substr(scheme.size()), request.remote);
        }
        if (!principal) return reject("unauthenticated", "The bearer token is not valid.");
        return principal;
    }
    if (const auto cookies = request.header("Cookie"); !cookies.empty()) {
        // Cookies know no ports: beside the one of HTTPS, the browser sends the one that HTTP set on this
        // host.
        const auto name = session_cookie(gatekeeper_.cookie_name(), request.is_secure);
        if (const auto cookie = cookie_value(cookies, name); !cookie.empty()) {
            if (auto principal = gatekeeper_.by_cookie(cookie)) return principal;
        }
    }
    if (local) return local;
    return reject("unauthenticated", "Sign in, or send a bearer token.");
}

Result<void> Gate::authorize(Request& request, const PrincipalPtr& local) const {
    const auto origin = request.header("Origin");
    if (!origin.empty() && !is_own_origin(origin, request.header("Host"))) {
        return reject("origin_refused", "The Origin is not this cell's own.");
    }
    const auto& operation = *request.operation;
    if (operation.is_public()) return {};
    auto principal = identify(request, local);
    if (!principal) return std::unexpected(principal.error());
    request.principal = *std::move(principal);
    const auto& who = *request.principal;
    if (who.kind == Principal::Kind::session) {
        if (operation.websocket && origin.empty()) {
            return reject("origin_refused", "A websocket with a session cookie needs an Origin.");
        }
        if (!is_safe(request.method) &&
            !gatekeeper_.csrf_matches(who.cookie, request.header("X-CSRF-Token"))) {
            return reject("csrf_refused", "Send the session's token as X-CSRF-Token.");
        }
    }
    if (!operation.needs_scope()) return {};
    auto allowed = access::authorize(who.scopes, operation.scope);
    if (allowed || !is_own(request)) return allowed;
    request.own_only = true;
    return {};
}

/// Own things are for people alone: a token has the scopes that it was given, and no more.
bool Gate::is_own(const Request& request) const {
    const auto& own = request.operation->own;
    const auto& who = *request.principal;
    if (own.empty() || who.kind != Principal::Kind::session || who.user.is_nil()) return false;
    return own.ends_with('s') || gatekeeper_.owns(who, own, request.path_parameter("id"));
}

Result<void> Gate::check_media_type(const Request& request) {
    const auto& operation = *request.operation;
    const auto header = request.header("Content-Type");
    const auto length = request.header("Content-Length");
    const bool has_body = (!length.empty() && length != "0") || !request.header("Transfer-Encoding").empty();
    if (!has_body || !operation.takes_body) return {};
    const auto type = media_type(header);
    if (std::ranges::find(operation.consumes, type) != operation.consumes.end()) return {};
    return reject("unsupported_media_type",
                  fmt::format("This call reads {}.", fmt::join(operation.consumes, ", ")));
}

std::optional<Response> Gate::check(Request& request) {
    auto fine = check_parameters(request);
    if (fine) fine = check_body(request);
    if (fine) return std::nullopt;
    return problem(fine.error(), request.request_id);
}

Result<void> Gate::check_parameters(Request& request) {
    const auto& operation = *request.operation;
    std::vector<FieldError> errors;
    const auto add = [&](std::vector<FieldError> found) {
        std::ranges::move(found, std::back_inserter(errors));
    };
    std::optional<std::vector<std::pair<std::string, std::string>>> given{std::in_place};
    if (const auto mark = request.target.find('?'); mark != std::string_view::npos) {
        given = parse_query(request.target.substr(mark + 1));
        if (!given) return reject("malformed_request", "The query string cannot be decoded.");
    }
    for (auto& [name, value] : *given) {
        const auto known = std::ranges::find_if(operation.parameters, [&](const Parameter& p) {
            return p.in == Parameter::In::query && p.name == name;
        });
        if (known == operation.parameters.end()) {
            errors.push_back({"?" + name, "is not a parameter of this call"});
        } else if (request.query_parameter(name)) {
            errors.push_back({"?" + name, "is given twice"});
        } else {
            add(validate_text(*known->schema, "?" + name, value));
            request.query_parameters.emplace_back(known->name, std::move(value));
        }
    }
    for (const auto& parameter : operation.parameters) {
        if (parameter.in == Parameter::In::path) {
            const auto value = request.path_parameter(parameter.name);
            if (!validate_text(*parameter.schema, parameter.name, value).empty()) {
                return reject("not_found", fmt::format("There is no {} of this form.", parameter.name));
            }
        } else if (parameter.in == Parameter::In::query) {
            if (parameter.required && !request.query_parameter(parameter.name)) {
                errors.push_back({"?" + parameter.name, "is missing"});
            }
        } else if (request.has_header(parameter.name)) {
            add(validate_text(*parameter.schema, parameter.name + ":", request.header(parameter.name)));
        } else if (parameter.required) {
            errors.push_back({parameter.name + ":", "is missing"});
        }
    }
    if (errors.empty()) return {};
    return std::unexpected(invalid_fields(std::move(errors)));
}

Result<void> Gate::check_body(Request& request) {
    const auto& operation = *request.operation;
    if (!operation.takes_body) {
        if (request.body.empty() || request.body == "{}") return {};
        return reject("unexpected_body", {});
    }
    if (request.body.empty() && !operation.body_required) {
        request.body = "{}";
        return {};
    }
    if (!operation.body) return {};
    auto& parser = parser_->json;
    const auto value = parse_json(parser, request.body);
    Result<void> fine;
    if (!value) {
        fine = std::unexpected(value.error());
    } else if (auto errors = validate(*operation.body, *value); !errors.empty()) {
        fine = std::unexpected(invalid_fields(std::move(errors)));
    }
    if (parser.capacity() > parser_keep_bytes) parser = simdjson::dom::parser();
    return fine;
}

}  // namespace pic::http
