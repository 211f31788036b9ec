#include <fmt/format.h>

#include <charconv>

#include "bus/messages.hpp"

namespace pic::bus {
namespace {

bool is_nothing(const Position& position) {
    return position.cell.is_nil() && position.sequence == Sequence{};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

}  // namespace

Result<void> check_advance(const Position& have, const Position& offered) {
    if (is_nothing(have)) return {};
    if (have.cell != offered.cell) return reject("wrong_cell", "This comes from another cell.");
    if (offered.epoch < have.epoch) {
        return reject("epoch_went_back", fmt::format("Epoch {} was offered to one that has seen epoch {}.",
                                                     offered.epoch.value, have.epoch.value));
    }
    if (offered.epoch == have.epoch && offered.sequence < have.sequence) {
        return reject("sequence_went_back", fmt::format("Sequence {} was offered to one that has seen {}.",
                                                        offered.sequence.value, have.sequence.value));
    }
    return {};
}

Result<void> check_reader(const Position& have, const Position& head) {
    if (is_nothing(have)) return {};
    if (have.cell != head.cell) return reject("wrong_cell", "The position is of another cell.");
    if (have.epoch > head.epoch || (have.epoch == head.epoch && have.sequence > head.sequence)) {
        return reject(
            "ahead_of_log",
            fmt::format(
                "The position (epoch {}, sequence {}) is beyond the head of the log (epoch {}, sequence "
                "{}): the log has lost what this reader has seen.",
                have.epoch.value, have.sequence.value, head.epoch.value, head.sequence.value));
    }
    if (have.epoch < head.epoch) {
        return reject("stale_epoch",
                      fmt::format("The position is of epoch {}, before a restore; the log is in epoch {}. "
                                  "Start from a snapshot.",
                                  have.epoch.value, head.epoch.value));
    }
    return {};
}

std::string format_position(const Position& position) {
    return fmt::format("{} {} {}", to_string(position.cell), position.epoch.value, position.sequence.value);
}

Result<Position> parse_position(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = first == std::string_view::npos ? first : text.find(' ', first + 1);
    if (second != std::string_view::npos) {
        const auto cell = parse_uuid(text.substr(0, first));
        const auto epoch = parse_number(text.substr(first + 1, second - first - 1));
        const auto sequence = parse_number(text.substr(second + 1));
        if (cell && epoch && sequence) return Position{*cell, Epoch{*epoch}, Sequence{*sequence}};
    }
    return reject("malformed", "A position is written as cell, epoch and sequence with a space between.");
}

}  // namespace pic::bus
