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

constexpr std::string_view name_of(ApplyState state) {
    for (const auto& [value, name] : apply_state_names) {
        if (value == state) return name;
    }
    return "";
}

constexpr std::optional<ApplyState> apply_state_of(std::string_view text) {
    for (const auto& [value, name] : apply_state_names) {
        if (name == text) return value;
    }
    return std::nullopt;
}

}  // namespace pic::bus
