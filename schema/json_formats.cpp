#include "schema/json_formats.hpp"

#include <algorithm>
#include <array>

#include "schema/scalars.hpp"
#include "schema/units.hpp"

namespace pic {
namespace {

template <class Scalar>
std::optional<std::string> scalar(std::string_view text) {
    auto parsed = Scalar::parse(text);
    if (parsed) return std::nullopt;
    return std::move(parsed.error());
}

std::optional<std::string> unless(bool good, const char* sentence) {
    if (good) return std::nullopt;
    return sentence;
}

std::optional<std::string> ip(std::string_view text) {
    return unless(Ipv4::parse(text) || Ipv6::parse(text), "must be an IPv4 or IPv6 address");
}

std::optional<std::string> uuid(std::string_view text) {
    return unless(parse_uuid(text).has_value(), "must be an id (a UUID in lower case)");
}

std::optional<std::string> date_time(std::string_view text) {
    return unless(parse_timestamp(text).has_value(), "must be a time such as 2026-11-23T21:00:00.000Z");
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// 32 bytes as Z85 (ZeroMQ RFC 32).
std::optional<std::string> curve_key(std::string_view text) {
    constexpr std::string_view punctuation = ".-:+=^!/*?&<>()[]{}@%$#";
    constexpr std::size_t characters = 40;
    return unless(text.size() == characters && std::ranges::all_of(text,
                                                                   [&](char c) {
                                                                       return is_letter_or_digit(c) ||
                                                                              punctuation.find(c) !=
                                                                                  std::string_view::npos;
                                                                   }),
                  "must be a CURVE key: 32 bytes in Z85, 40 characters");
}

std::optional<std::string> printable(std::string_view text) {
    return unless(std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }),
                  "must be printable ASCII");
}

constexpr std::array formats = {
    JsonFormat{"label", scalar<Label>},
    JsonFormat{"hostname", scalar<Hostname>},
    JsonFormat{"record-name", scalar<RecordName>},
    JsonFormat{"ipv4", scalar<Ipv4>},
    JsonFormat{"ipv6", scalar<Ipv6>},
    JsonFormat{"ip", ip},
    JsonFormat{"cidr4", scalar<Cidr4>},
    JsonFormat{"cidr6", scalar<Cidr6>},
    JsonFormat{"cidr", scalar<Cidr>},
    JsonFormat{"endpoint", scalar<Endpoint>},
    JsonFormat{"socket-address", scalar<SocketAddress>},
    JsonFormat{"wireguard-key", scalar<WgKey>},
    JsonFormat{"curve-key", curve_key},
    JsonFormat{"time-zone", scalar<TimeZone>},
    JsonFormat{"text", scalar<Text>},
    JsonFormat{"uuid", uuid},
    JsonFormat{"date-time", date_time},
    JsonFormat{"email", scalar<EmailAddress>},
    JsonFormat{"printable", printable},
};

}  // namespace

const JsonFormat* find_json_format(std::string_view name) {
    const auto* found = std::ranges::find(formats, name, &JsonFormat::name);
    return found == formats.end() ? nullptr : found;
}

}  // namespace pic
