#include "controller/http/message.hpp"

#include <algorithm>
#include <charconv>

#include "schema/record.hpp"
#include "schema/rejections.hpp"

namespace pic::http {
namespace {

void text_member(std::string& out, std::string_view name, std::string_view value) {
    out += out.empty() ? '{' : ',';
    out += '"';
    out += name;
    out += "\":";
    write_json_string(out, value);
}

}  // namespace

std::string_view to_string(Method method) {
    constexpr std::string_view names[] = {"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "?"};
    return names[static_cast<std::size_t>(method)];
}

std::string_view Request::path_parameter(std::string_view name) const {
    for (const auto& [key, value] : path_parameters) {
        if (key == name) return value;
    }
    return {};
}

std::optional<std::string_view> Request::query_parameter(std::string_view name) const {
    for (const auto& [key, value] : query_parameters) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Request::query_number(std::string_view name) const {
    const auto text = query_parameter(name);
    if (!text) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

Response problem(const Rejection& rejection, std::string_view request_id) {
    const auto& info = rejection_info(rejection.code);
    std::string body;
    text_member(body, "type", std::string("/problems/") + std::string(info.code));
    text_member(body, "title", info.title);
    body += ",\"status\":" + std::to_string(info.status);
    text_member(body, "detail", rejection.detail.empty() ? info.explanation : rejection.detail);
    text_member(body, "code", info.code);
    if (!request_id.empty()) text_member(body, "request_id", request_id);
    if (!rejection.errors.empty()) {
        body += ",\"errors\":[";
        for (const auto& error : rejection.errors) {
            if (body.back() != '[') body += ',';
            body += "{\"pointer\":";
            write_json_string(body, error.pointer);
            text_member(body, "detail", error.detail);
            body += '}';
        }
        body += ']';
    }
    body += '}';
    Response response = json_response(info.status, std::move(body));
    response.refusal = info.code;
    response.content_type = "application/problem+json";
    if (info.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace pic::http
