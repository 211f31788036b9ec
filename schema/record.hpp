// One description of a struct's fields serves its JSON both ways: commands from the edge, events to and from
// the log, resources in answers, snapshots. A record says
//
//     template <class Self> static auto fields(Self& self) { return std::tuple(field("name", self.name),
//     ...); }
//
// Writing gives one canonical spelling (the order of the fields, no spaces), because the bytes are hashed.
// Reading works on simdjson's DOM: a replay parses a million events, and nlohmann/json would take twelve
// times the raw scan. Fields are expected in their own order and found in any.
#pragma once

#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "schema/artefact.hpp"
#include "schema/fragment_tree.hpp"
#include "schema/rejection.hpp"
#include "schema/scalars.hpp"
#include "schema/units.hpp"

namespace pic {

template <class T>
struct Field {
    std::string_view name;
    T& value;
    bool required;
};

/// A field that must be there (optional, Patch and lists may be missing all the same).
template <class T>
constexpr Field<T> field(std::string_view name, T& value) {
    return {name, value, true};
}
/// A field that keeps the struct's own default where it is missing.
template <class T>
constexpr Field<T> defaulted(std::string_view name, T& value) {
    return {name, value, false};
}

template <class T>
concept Record = requires(T& t) { T::fields(t); };

/// A change of one field as JSON merge patch has it (RFC 7396): missing keeps, a value sets, null sets the
/// empty value.
template <class T>
struct Patch {
    bool present = false;
    T value{};
    Patch() = default;
    Patch(T v)
        : present(true),
          value(std::move(v)) {}  // NOLINT(google-explicit-constructor): reads as an assignment
    friend bool operator==(const Patch&, const Patch&) = default;
};

/// For structs whose fields are wrapped: Settings<Plain> is the thing itself, Settings<Patch> a change of it.
template <class T>
using Plain = T;

/// Where in a document a reader is; becomes a JSON pointer only when something is wrong.
struct JsonPath {
    const JsonPath* parent = nullptr;
    std::string_view key = {};
    std::size_t index = 0;
    bool is_index = false;
    [[nodiscard]] std::string pointer() const;
};

using FieldErrors = std::vector<FieldError>;

/// The inverse of to_string(SecretRef).
[[nodiscard]] std::optional<SecretRef> parse_secret_ref(std::string_view text);

/// Appends `text` as a JSON string with its quotes (RFC 8259).
void write_json_string(std::string& out, std::string_view text);
void write_json_number(std::string& out, std::uint64_t value);
void write_json_number(std::string& out, std::int64_t value);
/// Appends the name of an object's next member and its colon, after a comma where it is not the first.
void write_json_name(std::string& out, std::string_view name);
void add_error(FieldErrors& errors, const JsonPath& at, std::string detail);

namespace record_detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_patch = false;
template <class T>
inline constexpr bool is_patch<Patch<T>> = true;
template <class T>
inline constexpr bool is_number_unit = false;
template <class Tag>
inline constexpr bool is_number_unit<Number<Tag>> = true;

template <class T>
concept Scalar = requires(std::string_view text, const T& v) {
    { T::parse(text) } -> std::same_as<Parsed<T>>;
    to_string(v);
};

}  // namespace record_detail

/// An enum is written by name: constexpr std::array enum_names(E), found beside the enum.
template <class E>
std::string_view enum_name(E value) {
    return enum_names(value)[static_cast<std::size_t>(value)];
}

template <class T>
void write_json(std::string& out, const T& value) {
    using namespace record_detail;
    if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::unsigned_integral<T>) {
        write_json_number(out, static_cast<std::uint64_t>(value));
    } else if constexpr (std::signed_integral<T>) {
        write_json_number(out, static_cast<std::int64_t>(value));
    } else if constexpr (is_number_unit<T>) {
        write_json_number(out, value.value);
    } else if constexpr (std::same_as<T, std::string>) {
        write_json_string(out, value);
    } else if constexpr (std::same_as<T, Digest>) {
        write_json_string(out, to_hex(value));
    } else if constexpr (std::is_enum_v<T>) {
        write_json_string(out, enum_name(value));
    } else if constexpr (is_optional<T>) {
        if (value) {
            write_json(out, *value);
        } else {
            out += "null";
        }
    } else if constexpr (is_patch<T>) {
        write_json(out, value.value);
    } else if constexpr (is_vector<T>) {
        out += '[';
        for (const auto& item : value) {
            if (out.back() != '[') out += ',';
            write_json(out, item);
        }
        out += ']';
    } else if constexpr (Record<T>) {
        out += '{';
        std::apply(
            [&](const auto&... f) {
                [[maybe_unused]] const auto one = [&](const auto& entry) {
                    using V = std::remove_cvref_t<decltype(entry.value)>;
                    if constexpr (is_patch<V>) {
                        if (!entry.value.present) return;
                    }
                    write_json_name(out, entry.name);
                    write_json(out, entry.value);
                };
                (one(f), ...);
            },
            T::fields(value));
        out += '}';
    } else {
        write_json_string(out, to_string(value));
    }
}

/// A resource as answers show it: like write_json(), but a field "<name>_ref" (a place in the vault, nobody's
/// business) is shown as "has_<name>": true or false.
template <Record T>
void write_public_json(std::string& out, const T& value) {
    constexpr std::string_view suffix = "_ref";
    out += '{';
    const auto one = [&](const auto& entry) {
        if (!entry.name.ends_with(suffix)) {
            write_json_name(out, entry.name);
            write_json(out, entry.value);
            return;
        }
        if (out.back() != '{') out += ',';
        out += "\"has_";
        out += entry.name.substr(0, entry.name.size() - suffix.size());
        if constexpr (record_detail::is_optional<std::remove_cvref_t<decltype(entry.value)>>) {
            out += entry.value ? "\":true" : "\":false";
        } else {
            out += "\":true";
        }
    };
    std::apply([&](const auto&... f) { (one(f), ...); }, T::fields(value));
    out += '}';
}

template <class T>
[[nodiscard]] std::string to_json(const T& value) {
    std::string out;
    write_json(out, value);
    return out;
}

template <class T>
void read_json(simdjson::dom::element json, T& value, const JsonPath& at, FieldErrors& errors);

namespace record_detail {

bool read_text(simdjson::dom::element json, std::string_view& text, const JsonPath& at, FieldErrors& errors);
bool read_unsigned(simdjson::dom::element json, std::uint64_t most, std::uint64_t& value, const JsonPath& at,
                   FieldErrors& errors);
bool read_signed(simdjson::dom::element json, std::int64_t& value, const JsonPath& at, FieldErrors& errors);

template <class T, class Parse>
void read_by(simdjson::dom::element json, T& value, const JsonPath& at, FieldErrors& errors, Parse&& parse,
             const char* what) {
    std::string_view text;
    if (!read_text(json, text, at, errors)) return;
    if (auto parsed = parse(text)) {
        value = *std::move(parsed);
    } else {
        add_error(errors, at, what);
    }
}

/// Finds members in the order in which they were written without searching, and in any other order by
/// searching.
class Members {
  public:
    explicit Members(simdjson::dom::object object) : object_(object), next_(object.begin()) {}
    std::optional<simdjson::dom::element> find(std::string_view name);

  private:
    simdjson::dom::object object_;
    simdjson::dom::object::iterator next_;
};

template <class T>
void read_field(Members& members, const Field<T>& f, const JsonPath& at, FieldErrors& errors) {
    const JsonPath here{&at, f.name};
    const auto member = members.find(f.name);
    if (member) {
        read_json(*member, f.value, here, errors);
    } else if (f.required && !is_optional<T> && !is_patch<T> && !is_vector<T>) {
        add_error(errors, here, "this field is required");
    }
}

}  // namespace record_detail

/// Reads `value`, adding what is wrong to `errors`; never throws on bad input.
template <class T>
void read_json(simdjson::dom::element json, T& value, const JsonPath& at, FieldErrors& errors) {
    using namespace record_detail;
    if constexpr (std::same_as<T, bool>) {
        if (json.get(value) != simdjson::SUCCESS) add_error(errors, at, "must be true or false");
    } else if constexpr (std::unsigned_integral<T>) {
        std::uint64_t wide = 0;
        if (read_unsigned(json, std::numeric_limits<T>::max(), wide, at, errors))
            value = static_cast<T>(wide);
    } else if constexpr (std::same_as<T, std::int64_t>) {
        read_signed(json, value, at, errors);
    } else if constexpr (is_number_unit<T>) {
        read_unsigned(json, std::numeric_limits<std::int64_t>::max(), value.value, at, errors);
    } else if constexpr (std::same_as<T, std::string>) {
        std::string_view text;
        if (read_text(json, text, at, errors)) value = text;
    } else if constexpr (std::same_as<T, Uuid>) {
        read_by(json, value, at, errors, parse_uuid, "must be an id (a UUID in lower case)");
    } else if constexpr (std::same_as<T, Timestamp>) {
        read_by(json, value, at, errors, parse_timestamp, "must be a time such as 2026-11-23T21:00:00.000Z");
    } else if constexpr (std::same_as<T, Digest>) {
        read_by(json, value, at, errors, parse_digest, "must be 64 hexadecimal characters");
    } else if constexpr (std::same_as<T, SecretRef>) {
        read_by(json, value, at, errors, parse_secret_ref, "must be a secret reference");
    } else if constexpr (Scalar<T>) {
        std::string_view text;
        if (!read_text(json, text, at, errors)) return;
        if (auto parsed = T::parse(text)) {
            value = *std::move(parsed);
        } else {
            add_error(errors, at, std::move(parsed.error()));
        }
    } else if constexpr (std::is_enum_v<T>) {
        std::string_view text;
        if (!read_text(json, text, at, errors)) return;
        const auto& names = enum_names(value);
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i] != text) continue;
            value = static_cast<T>(i);
            return;
        }
        add_error(errors, at, "is not one of the known values");
    } else if constexpr (is_optional<T>) {
        if (json.is_null()) {
            value.reset();
        } else {
            read_json(json, value.emplace(), at, errors);
        }
    } else if constexpr (is_patch<T>) {
        value.present = true;
        if (json.is_null() && is_vector<decltype(value.value)>) {
            value.value = {};
        } else {
            read_json(json, value.value, at, errors);
        }
    } else if constexpr (is_vector<T>) {
        simdjson::dom::array items;
        if (json.get(items) != simdjson::SUCCESS) return add_error(errors, at, "must be a list");
        value.clear();
        for (const auto item : items) {
            const JsonPath here{&at, {}, value.size(), true};
            read_json(item, value.emplace_back(), here, errors);
        }
    } else {
        static_assert(Record<T>, "a type in a record must be a scalar, a unit, a list or a record itself");
        simdjson::dom::object object;
        if (json.get(object) != simdjson::SUCCESS) return add_error(errors, at, "must be an object");
        Members members(object);
        std::apply([&](const auto&... f) { (read_field(members, f, at, errors), ...); }, T::fields(value));
    }
}

/// A whole document as T, or `invalid_field` with every pointer at fault.
template <class T>
[[nodiscard]] Result<T> from_json(simdjson::dom::element json) {
    T value;
    FieldErrors errors;
    read_json(json, value, JsonPath{}, errors);
    if (errors.empty()) return value;
    std::string first = errors.front().detail;
    return reject("invalid_field", std::move(first), std::move(errors));
}

namespace record_detail {

template <class A, class B, class F, std::size_t... I>
void zip(A&& a, B&& b, F&& f, std::index_sequence<I...>) {
    (f(std::get<I>(a), std::get<I>(b)), ...);
}

/// f(field of a, field of b) for two wrappings of the same struct.
template <class A, class B, class F>
void zip_fields(A& a, B& b, F&& f) {
    auto left = A::fields(a);
    auto right = B::fields(b);
    zip(left, right, f, std::make_index_sequence<std::tuple_size_v<decltype(left)>>{});
}

}  // namespace record_detail

/// Applies a change to the thing itself.
template <template <template <class> class> class S>
void apply_patch(S<Plain>& target, const S<Patch>& patch) {
    record_detail::zip_fields(target, patch, [](const auto& plain, const auto& change) {
        if (change.value.present) plain.value = change.value.value;
    });
}

/// The change that makes `to` of `from`; nothing present where they are equal.
template <template <template <class> class> class S>
[[nodiscard]] S<Patch> difference(const S<Plain>& from, const S<Plain>& to) {
    S<Patch> patch;
    record_detail::zip_fields(
        from, patch, [](const auto& plain, const auto& change) { change.value.value = plain.value; });
    record_detail::zip_fields(to, patch, [](const auto& plain, const auto& change) {
        change.value.present = !(change.value.value == plain.value);
        if (change.value.present) change.value.value = plain.value;
    });
    return patch;
}

template <template <template <class> class> class S>
[[nodiscard]] bool is_empty(const S<Patch>& patch) {
    bool empty = true;
    std::apply([&](const auto&... f) { ((empty = empty && !f.value.present), ...); },
               S<Patch>::fields(patch));
    return empty;
}

}  // namespace pic
