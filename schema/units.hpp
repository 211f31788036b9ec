// Units and identifiers that must not be mixed are types of their own: a Sequence is not a StreamVersion, and
// a Timestamp is not a number. They cost nothing at run time. (A plain alias was rejected: the compiler would
// accept one for the other, and the log's promises hang on never confusing them.)
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pic {

/// A number with a meaning. Compares and increments; never converts by itself.
template <class Tag>
struct Number {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(Number, Number) = default;
    [[nodiscard]] constexpr Number next() const { return Number{value + 1}; }
};

/// Position of an event in the log: gap-free, from 1. 0 means "before the first event".
using Sequence = Number<struct SequenceTag>;
/// Count of the events of one stream, from 1. 0 means "the stream does not exist".
using StreamVersion = Number<struct StreamVersionTag>;
/// Raised whenever a backup is restored, so that positions of before and after cannot be confused. From 1.
using Epoch = Number<struct EpochTag>;

/// Milliseconds since 1970-01-01T00:00:00Z. Information, never order.
struct Timestamp {
    std::int64_t ms = 0;
    friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

/// RFC 3339 in UTC with milliseconds: 2026-11-23T21:00:00.000Z.
std::string to_string(Timestamp time);
/// The inverse of to_string(); nothing for any other form (offsets and missing milliseconds included).
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// SHA-256 (FIPS 180-4).
using Digest = std::array<std::uint8_t, 32>;

/// Lower-case hexadecimal, 64 characters.
std::string to_hex(const Digest& digest);
std::optional<Digest> parse_digest(std::string_view hex);

/// RFC 9562 UUID. Every identifier that this system makes is version 7, so that ids sort by the time of their
/// making.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
    [[nodiscard]] constexpr bool is_nil() const { return *this == Uuid{}; }
};

/// Lower-case 8-4-4-4-12.
std::string to_string(const Uuid& id);
/// Accepts only the lower-case 8-4-4-4-12 form, so that an id has one spelling.
std::optional<Uuid> parse_uuid(std::string_view text);
/// Version 7 out of a time and 10 random bytes. Pure: whoever calls brings both.
Uuid make_uuid7(Timestamp now, const std::array<std::uint8_t, 10>& random);

/// Where a reader stands: which cell, which life of its log, which event.
struct Position {
    Uuid cell;
    Epoch epoch;
    Sequence sequence;
    friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace pic
