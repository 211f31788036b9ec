#include "projections/stack/variables.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace pic::stack {
namespace {

template <class T>
Parsed<T> parse_value(std::string_view text) {
    if constexpr (std::unsigned_integral<T>) {
        T value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
            return std::unexpected(
                fmt::format("must be a number from 0 to {}", std::numeric_limits<T>::max()));
        }
        return value;
    } else if constexpr (std::same_as<T, LogLevel>) {
        const auto names = enum_names(LogLevel{});
        const auto found = std::ranges::find(names, text);
        if (found == names.end())
            return std::unexpected(fmt::format("must be one of {}", fmt::join(names, ", ")));
        return static_cast<LogLevel>(found - names.begin());
    } else {
        return T::parse(text);
    }
}

template <class T>
std::string value_text(const T& value) {
    if constexpr (std::unsigned_integral<T>) {
        return std::to_string(value);
    } else if constexpr (std::same_as<T, LogLevel>) {
        return std::string(enum_name(value));
    } else {
        return to_string(value);
    }
}

/// Sets the field that has this variable's name; empty where it went well, else what is wrong. `known`: there
/// is one.
std::string assign(Settings<Patch>& changes, const Assignment& assignment, bool& known) {
    std::string wrong;
    const auto one = [&](const auto& field) {
        if (variable_name(field.name) != assignment.name) return;
        known = true;
        using T = std::remove_cvref_t<decltype(field.value.value)>;
        auto value = parse_value<T>(assignment.value);
        if (value) {
            field.value = *std::move(value);
        } else {
            wrong = std::move(value.error());
        }
    };
    std::apply([&](const auto&... f) { (one(f), ...); }, Settings<Patch>::fields(changes));
    return wrong;
}

/// What an old file says by other names.
std::string assign_special(Imported& out, const Assignment& assignment, bool& known) {
    known = true;
    if (assignment.name == "WG_PORT") {
        const auto port = parse_value<Port>(assignment.value);
        if (!port) return port.error();
        out.wireguard_port = *port;
    } else if (assignment.name == "FLASK_DEBUG") {
        if (assignment.value != "0" && assignment.value != "1") return "must be 0 or 1";
        if (assignment.value == "1" && !out.changes.pic_log_level.present)
            out.changes.pic_log_level = LogLevel::debug;
    } else {
        known = false;
    }
    return {};
}

}  // namespace

std::string variable_name(std::string_view field) {
    std::string name(field);
    for (char& c : name) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

Result<Imported> read_assignments(const std::vector<Assignment>& variables) {
    Imported out;
    std::vector<FieldError> errors;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        const auto& variable = variables[i];
        if (!seen.insert(variable.name).second) {
            errors.push_back({fmt::format("/variables/{}/name", i), variable.name + " is given twice"});
            continue;
        }
        bool known = false;
        auto wrong = assign_special(out, variable, known);
        if (!known) wrong = assign(out.changes, variable, known);
        if (!known) {
            errors.push_back(
                {fmt::format("/variables/{}/name", i), variable.name + " is no variable of .env.example"});
        } else if (!wrong.empty()) {
            errors.push_back({fmt::format("/variables/{}/value", i), variable.name + ": " + wrong});
        }
    }
    if (errors.empty()) return out;
    auto first = errors.front().detail;
    return reject("invalid_field", std::move(first), std::move(errors));
}

std::vector<Assignment> write_assignments(const Settings<Plain>& settings) {
    std::vector<Assignment> all;
    std::apply([&](const auto&... f) { (all.push_back({variable_name(f.name), value_text(f.value)}), ...); },
               Settings<Plain>::fields(settings));
    return all;
}

}  // namespace pic::stack
