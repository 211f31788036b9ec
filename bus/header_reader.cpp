#include "bus/header_reader.hpp"

#include "bus/messages.hpp"

namespace pic::bus {
namespace {

/// Parsers keep their buffers, so that a message costs no allocation of its own; one a thread and depth.
template <std::size_t depth>
std::optional<simdjson::dom::object> parse_object(std::string_view json) {
    thread_local simdjson::dom::parser parser;
    if (parser.max_depth() != depth && parser.allocate(header_limit, depth) != simdjson::SUCCESS) return {};
    simdjson::dom::object object;
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return {};
    return object;
}

std::optional<simdjson::dom::object> parse_object(std::string_view json, std::size_t depth) {
    return depth <= header_depth_limit ? parse_object<header_depth_limit>(json)
                                       : parse_object<payload_depth_limit>(json);
}

}  // namespace

Result<HeaderReader> HeaderReader::parse(std::string_view frame) {
    if (frame.size() > header_limit) return reject("too_large", "The header is larger than 64 KiB.");
    const auto object = parse_object(frame, header_depth_limit);
    if (!object) return reject("malformed", "The header is no JSON object of at most 32 levels.");
    return HeaderReader(*object);
}

template <class T>
T HeaderReader::value(const char* name) {
    T found{};
    if (object_[name].get(found) != simdjson::SUCCESS) refuse(name);
    return found;
}

std::string_view HeaderReader::text(const char* name, std::size_t limit) {
    const auto found = value<std::string_view>(name);
    if (found.size() > limit) refuse(name);
    return found;
}

std::uint64_t HeaderReader::number(const char* name, std::uint64_t most) {
    const auto found = value<std::uint64_t>(name);
    if (found > most) refuse(name);
    return found;
}

bool HeaderReader::boolean(const char* name) { return value<bool>(name); }

Position HeaderReader::position(const char* name) {
    HeaderReader inner(value<simdjson::dom::object>(name));
    if (wrong_ != nullptr) return {};
    const auto cell = parse_uuid(inner.text("cell", 36));
    const Position found{cell.value_or(Uuid{}), Epoch{inner.number("epoch")},
                         Sequence{inner.number("sequence")}};
    if (!cell || inner.wrong_ != nullptr) refuse(name);
    return found;
}

std::vector<std::string> HeaderReader::texts(const char* name, std::size_t count_limit, std::size_t limit) {
    std::vector<std::string> found;
    simdjson::dom::array elements;
    if (object_[name].get(elements) != simdjson::SUCCESS || elements.size() > count_limit) {
        refuse(name);
        return found;
    }
    for (const auto element : elements) {
        std::string_view text;
        if (element.get(text) != simdjson::SUCCESS || text.size() > limit) refuse(name);
        found.emplace_back(text);
    }
    return found;
}

bool HeaderReader::has(const char* name) const {
    simdjson::dom::element found;
    return object_[name].get(found) == simdjson::SUCCESS && !found.is_null();
}

void HeaderReader::refuse(const char* name) {
    if (wrong_ == nullptr) wrong_ = name;
}

Result<void> HeaderReader::verdict() const {
    if (wrong_ == nullptr) return {};
    return reject("malformed", "A field of the header is missing, of another type or out of range.",
                  {{std::string("/") + wrong_, "missing, of another type or out of range"}});
}

bool is_object(std::string_view json, std::size_t depth) { return parse_object(json, depth).has_value(); }

std::optional<std::uint64_t> sequence_of(std::string_view json, std::size_t depth) {
    const auto object = parse_object(json, depth);
    std::uint64_t sequence = 0;
    if (!object || (*object)["seq"].get(sequence) != simdjson::SUCCESS) return {};
    return sequence;
}

}  // namespace pic::bus
