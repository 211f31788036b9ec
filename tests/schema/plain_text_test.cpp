// Eight bytes at a time must find what one byte at a time would, wherever it lies.
#include "schema/plain_text.hpp"

#include <catch2/catch.hpp>
#include <string>

using pic::find_not_plain;
using pic::is_plain;

TEST_CASE("every byte at every place is found, and nothing before it") {
    constexpr std::size_t size = 19;  // two words and a rest
    for (int byte = 0; byte < 256; ++byte) {
        const auto c = static_cast<char>(byte);
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'x');
            text[at] = c;
            for (std::size_t from = 0; from <= size; ++from) {
                const auto expected = is_plain(c) || from > at ? size : at;
                if (find_not_plain(text, from) != expected)
                    FAIL("byte " << byte << " at " << at << " from " << from);
            }
        }
    }
    SUCCEED();
}

TEST_CASE("of several bytes the first is found") {
    for (const char first : {'\x01', '"', '\\', '\x7f', '\x80', '\xff'}) {
        for (const char second : {'\x02', '"', '\\', '\x7f', '\xe2'}) {
            std::string text = "abcdefgh";
            text[3] = first;
            text[4] = second;
            CHECK(find_not_plain(text, 0) == 3);
            CHECK(find_not_plain(text, 4) == 4);
            CHECK(find_not_plain(text, 5) == text.size());
        }
    }
}
