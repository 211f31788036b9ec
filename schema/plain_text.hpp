// Where text stops being plain. Nearly all of what people write is printable ASCII, which no check and no
// escape has anything to say to; so the loops over text (JSON out, control characters in) skip it eight bytes
// at a time and look at single bytes only where this says so. It is on the way of every command several
// times.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pic {

/// Printable ASCII, and neither " nor \, which JSON escapes.
[[nodiscard]] constexpr bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

/// The first position at or after `from` of a character that is not plain; the size of the text where there
/// is none.
[[nodiscard]] inline std::size_t find_not_plain(std::string_view text, std::size_t from) {
    constexpr std::uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    // The top bit of a byte below `n` (n <= 128), and in higher bytes perhaps after such a one.
    const auto below = [](std::uint64_t word, std::uint64_t n) { return (word - ones * n) & ~word & tops; };
    for (; from + sizeof(std::uint64_t) <= text.size(); from += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + from, sizeof word);
        const auto equal = [&](std::uint64_t c) { return below(word ^ (ones * c), 1); };
        if (((word & tops) | below(word, 0x20) | equal(0x7f) | equal('"') | equal('\\')) != 0) break;
    }
    while (from < text.size() && is_plain(text[from])) ++from;
    return from;
}

}  // namespace pic
