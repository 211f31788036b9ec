#include "controller/http/router.hpp"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

namespace pic::http {
namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(Method::other);

std::optional<unsigned> hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

/// The next segment of "/a/b" or "a/b", taken off the front.
std::string_view take_segment(std::string_view& path) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    return segment;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const auto high = hex(text[i + 1]), low = hex(text[i + 2]);
            if (!high || !low) return std::nullopt;
            c = static_cast<unsigned char>(*high << 4 | *low);
            i += 2;
        }
        if (c < 0x20 || c == 0x7f) return std::nullopt;
        out += static_cast<char>(c);
    }
    if (!simdjson::validate_utf8(out)) return std::nullopt;
    return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto part = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (part.empty()) continue;
        const auto equals = std::min(part.find('='), part.size());
        std::string encoded(part.substr(std::min(equals + 1, part.size())));
        std::ranges::replace(encoded, '+', ' ');
        auto name = percent_decode(part.substr(0, equals));
        auto value = percent_decode(encoded);
        if (!name || !value) return std::nullopt;
        pairs.emplace_back(*std::move(name), *std::move(value));
    }
    return pairs;
}

struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    bool takes_rest = false;  ///< this node's parameter swallows the rest of the path
    const Operation* operations[method_count] = {};

    [[nodiscard]] bool ends_here() const {
        return std::ranges::any_of(operations, [](const auto* o) { return o != nullptr; });
    }

    /// Fills `values` with the raw segments of the parameters on the way.
    const Node* find(std::string_view path, std::vector<std::string_view>& values) const {
        if (takes_rest) {
            values.back() = std::string_view(values.back().data(),
                                             values.back().size() + (path.empty() ? 0 : path.size() + 1));
            return this;
        }
        if (path.empty()) return ends_here() ? this : nullptr;
        const auto segment = take_segment(path);
        if (const auto literal = literals.find(segment); literal != literals.end()) {
            if (const auto* found = literal->second->find(path, values)) return found;
        }
        if (!parameter || segment.empty()) return nullptr;
        values.push_back(segment);
        if (const auto* found = parameter->find(path, values)) return found;
        values.pop_back();
        return nullptr;
    }

    [[nodiscard]] std::string allow() const {
        std::string list;
        for (std::size_t i = 0; i < method_count; ++i) {
            const bool has = operations[i] ||
                             (i == static_cast<std::size_t>(Method::head) && operations[0]) ||
                             i == static_cast<std::size_t>(Method::options);
            if (!has) continue;
            if (!list.empty()) list += ", ";
            list += to_string(static_cast<Method>(i));
        }
        return list;
    }
};

Router::Router(const Api& api) : root_(std::make_unique<Node>()) {
    for (const auto& operation : api.operations()) {
        auto* node = root_.get();
        std::string_view path = operation.path;
        path.remove_prefix(1);
        while (!path.empty()) {
            const auto segment = take_segment(path);
            auto& next = segment.starts_with('{') ? node->parameter : node->literals[std::string(segment)];
            if (!next) next = std::make_unique<Node>();
            node = next.get();
            node->takes_rest = !operation.rest.empty() && segment == "{" + operation.rest + "}";
        }
        auto& place = node->operations[static_cast<std::size_t>(operation.method)];
        if (place) throw std::runtime_error("two operations at " + operation.path);
        place = &operation;
    }
}

Router::~Router() = default;

Router::Match Router::match(Method method, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) return match;
    path.remove_prefix(1);
    if (path.ends_with('/')) return match;  // a name of its own, which no route has
    std::vector<std::string_view> values;
    const auto* node = root_->find(path, values);
    if (!node) return match;
    match.path_known = true;
    const auto wanted = method == Method::head ? Method::get : method;
    if (wanted != Method::other) match.operation = node->operations[static_cast<std::size_t>(wanted)];
    if (!match.operation) {
        match.allow = node->allow();
        return match;
    }
    std::size_t next = 0;
    for (const auto& parameter : match.operation->parameters) {
        if (parameter.in != Parameter::In::path) continue;
        auto value = next < values.size() ? percent_decode(values[next++]) : std::nullopt;
        if (!value) return Match{};
        match.parameters.emplace_back(parameter.name, *std::move(value));
    }
    return match;
}

}  // namespace pic::http
