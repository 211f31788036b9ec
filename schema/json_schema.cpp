#include "schema/json_schema.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "schema/json_schema_node.hpp"
#include "schema/plain_text.hpp"

namespace pic {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

/// Where the walk is, linked through the stack: turned into text only when something is wrong.
struct Place {
    const Place* parent = nullptr;
    std::string_view key = {};
    std::optional<std::size_t> index = {};

    [[nodiscard]] std::string pointer() const {
        if (!parent) return std::string(key);
        std::string text = parent->pointer() + '/';
        if (index) return text + std::to_string(*index);
        return text += escape_pointer(key);
    }
};

TypeSet type_of(element value) {
    switch (value.type()) {
        case element_type::NULL_VALUE:
            return type_null;
        case element_type::BOOL:
            return type_boolean;
        case element_type::INT64:
        case element_type::UINT64:
            return type_integer;
        case element_type::DOUBLE:
            return type_number;
        case element_type::STRING:
            return type_string;
        case element_type::ARRAY:
            return type_array;
        case element_type::OBJECT:
            return type_object;
    }
    return 0;
}

std::string type_names(TypeSet types) {
    constexpr std::pair<TypeSet, std::string_view> names[] = {
        {type_string, "a string"}, {type_integer, "a whole number"},
        {type_number, "a number"}, {type_boolean, "true or false"},
        {type_array, "a list"},    {type_object, "an object"},
        {type_null, "null"}};
    std::string text;
    for (const auto& [type, name] : names) {
        if ((types & type) == 0 || (type == type_integer && (types & type_number) != 0)) continue;
        if (!text.empty()) text += " or ";
        text += name;
    }
    return text;
}

/// Bytes of one character of UTF-8, at most.
constexpr std::size_t longest_character = 4;

/// Characters as a person counts them: UTF-8 continuation bytes are not counted.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// C0, DEL, C1 (C2 80..9F in UTF-8), U+2028 and U+2029 (E2 80 A8, A9).
bool has_forbidden_characters(std::string_view text, bool multiline) {
    for (std::size_t i = 0; (i = find_not_plain(text, i)) < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 && !(multiline && (c == '\n' || c == '\r' || c == '\t'))) return true;
        if (c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
        if (c == 0xe2 &&
            (text.substr(i).starts_with("\xe2\x80\xa8") || text.substr(i).starts_with("\xe2\x80\xa9"))) {
            return true;
        }
    }
    return false;
}

class Walk {
  public:
    std::vector<FieldError> errors;

    void check(const SchemaNode& node, element value, const Place& place) {
        if (full()) return;
        const auto type = type_of(value);
        if (node.types != 0 && (node.types & type) == 0 && !is_whole_double(node, value)) {
            return fail(place, fmt::format("must be {}", type_names(node.types)));
        }
        switch (type) {
            case type_string:
                return check_string(node, value.get_string().value_unsafe(), place);
            case type_integer:
            case type_number:
                return check_number(node, value, place);
            case type_array:
                return check_array(node, value.get_array().value_unsafe(), place);
            case type_object:
                return check_object(node, value.get_object().value_unsafe(), place);
            default:
                return;
        }
    }

    void check_string(const SchemaNode& node, std::string_view text, const Place& place) {
        if (has_forbidden_characters(text, node.multiline)) {
            return fail(place, "must not contain control characters or line breaks");
        }
        if (!node.values.empty() && std::ranges::find(node.values, text) == node.values.end()) {
            return fail(place, fmt::format("must be one of: {}", fmt::join(node.values, ", ")));
        }
        if (text.size() < node.min_length * longest_character || text.size() > node.max_length) {
            const auto count = characters(text);
            if (count < node.min_length) return fail(place, at_least(node.min_length, "character"));
            if (count > node.max_length) return fail(place, at_most(node.max_length, "character"));
        }
        if (!node.format) return;
        if (auto fault = node.format->fault(text)) fail(place, *std::move(fault));
    }

  private:
    [[nodiscard]] bool full() const { return errors.size() >= field_error_limit; }

    void fail(const Place& place, std::string detail) {
        if (!full()) errors.push_back({place.pointer(), std::move(detail)});
    }

    static std::string at_least(std::size_t count, std::string_view what) {
        return fmt::format("must have at least {} {}{}", count, what, count == 1 ? "" : "s");
    }
    static std::string at_most(std::size_t count, std::string_view what) {
        return fmt::format("must have at most {} {}{}", count, what, count == 1 ? "" : "s");
    }

    /// An integer fits where a number is asked for.
    static bool is_whole_double(const SchemaNode& node, element value) {
        return (node.types & type_number) != 0 && type_of(value) == type_integer;
    }

    void check_number(const SchemaNode& node, element value, const Place& place) {
        const double number = value.get_double().value_unsafe();
        if (number < node.minimum || number > node.maximum) {
            if (std::isinf(node.maximum))
                return fail(place, fmt::format("must be at least {}", node.minimum));
            if (std::isinf(node.minimum)) return fail(place, fmt::format("must be at most {}", node.maximum));
            return fail(place, fmt::format("must be between {} and {}", node.minimum, node.maximum));
        }
    }

    void check_array(const SchemaNode& node, simdjson::dom::array items, const Place& place) {
        std::size_t count = 0;
        std::unordered_set<std::string_view> seen;
        for (const element item : items) {
            const Place here{&place, {}, count++};
            if (node.items) check(*node.items, item, here);
            std::string_view text;
            if (node.unique && item.get(text) == simdjson::SUCCESS && !seen.insert(text).second) {
                fail(here, "is given twice");
            }
            if (full()) return;
        }
        if (count < node.min_items)
            fail(place,
                 fmt::format("must have at least {}",
                             node.min_items == 1 ? "one entry" : fmt::format("{} entries", node.min_items)));
        if (count > node.max_items) fail(place, fmt::format("must have at most {} entries", node.max_items));
    }

    void check_object(const SchemaNode& node, simdjson::dom::object object, const Place& place) {
        if (!node.discriminator.empty()) return check_branch(node, object, place);
        std::uint64_t seen = 0;
        std::vector<std::string_view> others;
        for (const auto field : object) {
            const Place here{&place, field.key};
            const auto property = std::ranges::find(node.properties, field.key, &SchemaProperty::name);
            if (property == node.properties.end()) {
                check_other(node, field.key, field.value, others, here);
                continue;
            }
            const auto bit = std::uint64_t{1} << (property - node.properties.begin());
            if ((seen & bit) != 0) fail(here, "is given twice");
            seen |= bit;
            check(*property->schema, field.value, here);
        }
        if ((node.required & ~seen) != 0) report_missing(node, seen, place);
        if (static_cast<std::size_t>(std::popcount(seen)) + others.size() < node.min_properties) {
            fail(place, at_least(node.min_properties, "field"));
        }
    }

    void check_other(const SchemaNode& node, std::string_view key, element value,
                     std::vector<std::string_view>& others, const Place& here) {
        if (!node.open && !node.additional) return fail(here, "is not a known field");
        if (std::ranges::find(others, key) != others.end()) return fail(here, "is given twice");
        if (others.size() >= node.max_properties) return fail(here, "is one field too many");
        if (has_forbidden_characters(key, false))
            return fail(here, "must not have control characters in its name");
        others.push_back(key);
        if (node.additional) check(*node.additional, value, here);
    }

    void report_missing(const SchemaNode& node, std::uint64_t seen, const Place& place) {
        for (std::size_t i = 0; i < node.properties.size(); ++i) {
            const auto bit = std::uint64_t{1} << i;
            if ((node.required & bit) == 0 || (seen & bit) != 0) continue;
            fail(Place{&place, node.properties[i].name}, "is missing");
        }
    }

    void check_branch(const SchemaNode& node, simdjson::dom::object object, const Place& place) {
        const Place here{&place, node.discriminator};
        std::string_view choice;
        const auto error = object.at_key(node.discriminator).get(choice);
        if (error == simdjson::NO_SUCH_FIELD) return fail(here, "is missing");
        if (error != simdjson::SUCCESS) return fail(here, "must be a string");
        const auto branch = node.branches.find(choice);
        if (branch == node.branches.end()) return fail(here, "is not a known type");
        check_object(*branch->second, object, place);
    }
};

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_whole(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

const SchemaNode& node_of(const Schema& schema) { return static_cast<const SchemaNode&>(schema); }

}  // namespace

std::string escape_pointer(std::string_view key) {
    std::string text;
    for (const char c : key) {
        if (c == '~') {
            text += "~0";
        } else if (c == '/') {
            text += "~1";
        } else {
            text += c;
        }
    }
    return text;
}

std::vector<FieldError> validate(const Schema& schema, element value) {
    Walk walk;
    walk.check(node_of(schema), value, Place{});
    return std::move(walk.errors);
}

std::vector<FieldError> validate_text(const Schema& schema, std::string_view name, std::string_view text) {
    const auto& node = node_of(schema);
    const auto wrong = [&](std::string detail) {
        return std::vector{FieldError{std::string(name), std::move(detail)}};
    };
    if ((node.types & (type_integer | type_number)) != 0) {
        const auto number = number_of(text);
        if (!number || ((node.types & type_number) == 0 && !is_whole(text))) {
            return wrong(fmt::format("must be {}", type_names(node.types)));
        }
        if (*number < node.minimum) return wrong(fmt::format("must be at least {}", node.minimum));
        if (*number > node.maximum) return wrong(fmt::format("must be at most {}", node.maximum));
        return {};
    }
    if ((node.types & type_boolean) != 0) {
        return text == "true" || text == "false" ? std::vector<FieldError>{} : wrong("must be true or false");
    }
    if (!simdjson::validate_utf8(text.data(), text.size())) return wrong("must be UTF-8");
    Walk walk;
    walk.check_string(node, text, Place{nullptr, name});
    return std::move(walk.errors);
}

Result<element> parse_json(simdjson::dom::parser& parser, std::string_view text) {
    if (parser.max_depth() != json_depth_limit) {
        if (parser.allocate(std::max<std::size_t>(text.size(), 4096), json_depth_limit) !=
            simdjson::SUCCESS) {
            throw std::bad_alloc();
        }
    }
    element value;
    const auto error = parser.parse(text.data(), text.size()).get(value);
    switch (error) {
        case simdjson::SUCCESS:
            return value;
        case simdjson::EMPTY:
            return reject("malformed_json", "The body is empty; JSON was expected.");
        case simdjson::DEPTH_ERROR:
            return reject("malformed_json",
                          fmt::format("The JSON is nested deeper than {}.", json_depth_limit));
        default:
            return reject("malformed_json",
                          fmt::format("The body is not JSON: {}", simdjson::error_message(error)));
    }
}

Rejection invalid_fields(std::vector<FieldError> errors) {
    std::string detail = "The input is not valid.";
    if (!errors.empty()) {
        const auto& first = errors.front();
        std::string_view place = first.pointer.empty() ? "The body" : std::string_view(first.pointer);
        if (place.ends_with(':')) place.remove_suffix(1);  // a header's
        detail = fmt::format("{}: {}.", place, first.detail);
    }
    return Rejection{"invalid_field", std::move(detail), std::move(errors)};
}

}  // namespace pic
