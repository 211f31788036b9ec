#include "controller/broker/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

namespace pic::broker {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 6> verbs{"list", "start", "stop", "restart", "logs", "stats"};
constexpr std::size_t name_limit = 128;

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::optional<Verb> verb_of(const json& text) {
    if (!text.is_string()) return std::nullopt;
    const auto found = std::ranges::find(verbs, text.get_ref<const std::string&>());
    if (found == verbs.end()) return std::nullopt;
    return static_cast<Verb>(found - verbs.begin());
}

std::unexpected<Rejection> invalid(const char* pointer, std::string detail) {
    return reject("invalid_field", detail, {{pointer, detail}});
}

}  // namespace

std::string_view to_string(Verb verb) { return verbs[static_cast<std::size_t>(verb)]; }

bool is_container_name(std::string_view text) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
    return !text.empty() && text.size() <= name_limit && is_alphanumeric(text.front()) &&
           std::ranges::all_of(text, allowed);
}

Result<Request> parse_request(std::string_view line) {
    const auto document = json::parse(line, nullptr, false);
    if (!document.is_object()) return reject("malformed_json", "a request is one JSON object on one line");
    Request request;
    const auto verb = document.contains("verb") ? verb_of(document["verb"]) : std::nullopt;
    if (!verb) return invalid("/verb", fmt::format("must be one of {}", fmt::join(verbs, ", ")));
    request.verb = *verb;
    for (const auto& [key, value] : document.items()) {
        if (key == "verb") continue;
        if (key == "container" && request.verb != Verb::list) {
            if (!value.is_string() || !is_container_name(value.get_ref<const std::string&>())) {
                return invalid("/container", "must be a container's name");
            }
            request.container = value.get<std::string>();
        } else if (key == "tail" && request.verb == Verb::logs) {
            if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
                value.get<std::uint64_t>() > tail_most) {
                return invalid("/tail", fmt::format("must be a number of lines from 1 to {}", tail_most));
            }
            request.tail = value.get<unsigned>();
        } else {
            return reject("invalid_field", fmt::format("{} takes nothing else", to_string(request.verb)));
        }
    }
    if (request.verb != Verb::list && request.container.empty())
        return invalid("/container", "must be a container's name");
    return request;
}

std::string to_line(const Request& request) {
    json document{{"verb", to_string(request.verb)}};
    if (request.verb != Verb::list) document["container"] = request.container;
    if (request.verb == Verb::logs) document["tail"] = request.tail;
    return document.dump() + "\n";
}

}  // namespace pic::broker
