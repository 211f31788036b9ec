#include "schema/units.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <chrono>

namespace pic {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::optional<std::uint8_t> nibble(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    return std::nullopt;
}

std::optional<std::uint8_t> byte_of(char high, char low) {
    const auto h = nibble(high), l = nibble(low);
    if (!h || !l) return std::nullopt;
    return static_cast<std::uint8_t>(*h << 4 | *l);
}

std::optional<int> decimal(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

constexpr std::size_t uuid_text_size = 36;
constexpr std::string_view uuid_dashes = "\x08\x0d\x12\x17";

}  // namespace

std::string to_string(Timestamp time) {
    using namespace std::chrono;
    const auto point = sys_time<milliseconds>(milliseconds(time.ms));
    const auto day = floor<days>(point);
    const year_month_day date(day);
    const hh_mm_ss clock(point - day);
    return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z"),
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count(), clock.subseconds().count());
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] != '0' && text[i] != form[i]) return std::nullopt;
    }
    const auto y = decimal(text.substr(0, 4)), mo = decimal(text.substr(5, 2)),
               d = decimal(text.substr(8, 2));
    const auto h = decimal(text.substr(11, 2)), mi = decimal(text.substr(14, 2)),
               s = decimal(text.substr(17, 2));
    const auto ms = decimal(text.substr(20, 3));
    if (!y || !mo || !d || !h || !mi || !s || !ms) return std::nullopt;
    const year_month_day date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
    if (!date.ok() || *h > 23 || *mi > 59 || *s > 59) return std::nullopt;
    const auto point = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + milliseconds(*ms);
    return Timestamp{duration_cast<milliseconds>(point.time_since_epoch()).count()};
}

std::string to_hex(const Digest& digest) {
    std::string text;
    text.reserve(digest.size() * 2);
    for (const auto byte : digest) {
        text += hex_digits[byte >> 4];
        text += hex_digits[byte & 15];
    }
    return text;
}

std::optional<Digest> parse_digest(std::string_view hex) {
    Digest digest;
    if (hex.size() != digest.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const auto byte = byte_of(hex[2 * i], hex[2 * i + 1]);
        if (!byte) return std::nullopt;
        digest[i] = *byte;
    }
    return digest;
}

std::string to_string(const Uuid& id) {
    std::string text(uuid_text_size, '-');
    std::size_t at = 0;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
        text[at++] = hex_digits[id.bytes[i] >> 4];
        text[at++] = hex_digits[id.bytes[i] & 15];
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != uuid_text_size) return std::nullopt;
    for (const char dash : uuid_dashes) {
        if (text[static_cast<std::size_t>(dash)] != '-') return std::nullopt;
    }
    Uuid id;
    std::size_t at = 0;
    for (auto& out : id.bytes) {
        if (text[at] == '-') ++at;
        const auto byte = byte_of(text[at], text[at + 1]);
        if (!byte) return std::nullopt;
        out = *byte;
        at += 2;
    }
    return id;
}

Uuid make_uuid7(Timestamp now, const std::array<std::uint8_t, 10>& random) {
    Uuid id;
    const auto ms = static_cast<std::uint64_t>(now.ms);
    for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    for (std::size_t i = 0; i < random.size(); ++i) id.bytes[6 + i] = random[i];
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

}  // namespace pic
