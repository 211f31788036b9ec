// The names that enumerations bear on the wire, in one table for both directions.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "schema/bundle.hpp"

namespace pic::bus {

inline constexpr std::array<std::pair<ApplyState, std::string_view>, 6> apply_state_names{{
    {ApplyState::applied, "applied"},
    {ApplyState::refused, "refused"},
    {ApplyState::rolled_back, "rolled_back"},
    {ApplyState::retrying, "retrying"},
    {ApplyState::not_installed, "not_installed"},
    {ApplyState::disabled, "disabled"},
}};

inline constexpr std::array<std::pair<Operation::Kind, std::string_view>, 2> operation_names{{
    {Operation::Kind::restart, "restart"},
    {Operation::Kind::reapply, "reapply"},
}};

template <class Value, std::size_t count>
constexpr std::string_view name_in(const std::array<std::pair<Value, std::string_view>, count>& names,
                                   Value wanted) {
    for (const auto& [value, name] : names) {
        if (value == wanted) return name;
    }
    return "";
}

template <class Value, std::size_t count>
constexpr std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, count>& names,
                                        std::string_view text) {
    for (const auto& [value, name] : names) {
        if (name == text) return value;
    }
    return std::nullopt;
}

constexpr std::string_view name_of(ApplyState state) { return name_in(apply_state_names, state); }
constexpr std::optional<ApplyState> apply_state_of(std::string_view text) {
    return value_in(apply_state_names, text);
}
constexpr std::string_view name_of(Operation::Kind kind) { return name_in(operation_names, kind); }
constexpr std::optional<Operation::Kind> operation_kind_of(std::string_view text) {
    return value_in(operation_names, text);
}

}  // namespace pic::bus
