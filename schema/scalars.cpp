#include "schema/scalars.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <idn2.h>
#include <sodium.h>

#include <simdjson.h>
#include <algorithm>
#include <charconv>
#include <vector>

#include "schema/plain_text.hpp"

namespace pic {
namespace {

constexpr std::size_t label_limit = 63;
constexpr std::size_t hostname_limit = 253;

std::unexpected<std::string> wrong(std::string why) { return std::unexpected(std::move(why)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

/// Decimal without sign, spaces or leading zeros, at most `most`.
std::optional<unsigned> number(std::string_view text, unsigned most) {
    unsigned value = 0;
    if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

/// What is wrong with one label, or nothing.
std::optional<std::string> label_fault(std::string_view text, bool underscore) {
    if (text.empty()) return "a name must not have an empty part";
    if (text.size() > label_limit)
        return fmt::format("each part of a name has at most {} characters", label_limit);
    const auto body = underscore && text[0] == '_' ? text.substr(1) : text;
    if (body.empty() || !std::ranges::all_of(body, [](char c) { return is_alnum(c) || c == '-'; })) {
        return "only letters, digits and hyphens are allowed in a name";
    }
    if (body.front() == '-' || body.back() == '-') return "a name must not begin or end with a hyphen";
    return std::nullopt;
}

/// Visits the parts between dots until `f` returns something.
template <class F>
std::optional<std::string> each_label(std::string_view text, F&& f) {
    for (std::size_t start = 0, index = 0; start <= text.size(); ++index) {
        const auto dot = std::min(text.find('.', start), text.size());
        if (auto fault = f(text.substr(start, dot - start), index)) return fault;
        start = dot + 1;
    }
    return std::nullopt;
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// IDNA 2008 (RFC 5891) with the lower-casing and width mapping of UTS 46, non-transitional.
Parsed<std::string> to_a_labels(std::string_view text) {
    char* out = nullptr;
    const std::string input(text);
    const int rc = idn2_to_ascii_8z(input.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return wrong(fmt::format("this is no valid international name: {}", idn2_strerror(rc)));
    std::string ascii(out);
    idn2_free(out);
    return ascii;
}

/// Splits "address/prefix".
std::optional<std::pair<std::string_view, unsigned>> split_cidr(std::string_view text, unsigned most) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto prefix = number(text.substr(slash + 1), most);
    if (!prefix) return std::nullopt;
    return std::pair{text.substr(0, slash), *prefix};
}

/// Splits "host:port" and "[v6]:port"; the port may be missing where `optional_port`.
std::optional<std::pair<std::string_view, std::uint16_t>> split_port(std::string_view text,
                                                                     bool optional_port) {
    std::string_view host = text, port;
    if (!text.empty() && text[0] == '[') {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port[0] != ':') return std::nullopt;
        if (!port.empty()) port.remove_prefix(1);
        if (port.empty() && text.back() == ':') return std::nullopt;
    } else if (const auto colon = text.rfind(':');
               colon != std::string_view::npos && text.find(':') == colon) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty()) return std::nullopt;
    }
    if (port.empty()) {
        if (!optional_port) return std::nullopt;
        return std::pair{host, std::uint16_t{0}};
    }
    const auto value = number(port, 65535);
    if (!value || *value == 0) return std::nullopt;
    return std::pair{host, static_cast<std::uint16_t>(*value)};
}

}  // namespace

Parsed<Label> Label::parse(std::string_view text) {
    if (auto fault = label_fault(text, false)) return wrong(*fault);
    return Label{lower(text)};
}

Parsed<Hostname> Hostname::parse(std::string_view text) {
    if (text.empty()) return wrong("a host name must not be empty");
    std::string name = lower(text);
    if (!is_ascii(text)) {
        auto ascii = to_a_labels(text);
        if (!ascii) return wrong(ascii.error());
        name = lower(*ascii);
    }
    if (name.size() > hostname_limit)
        return wrong(fmt::format("a host name has at most {} characters", hostname_limit));
    std::string_view last;
    const auto fault = each_label(name, [&](std::string_view label, std::size_t) {
        last = label;
        return label_fault(label, false);
    });
    if (fault) return wrong(*fault);
    if (std::ranges::all_of(last, is_digit))
        return wrong("the last part of a host name must not be a number");
    if (name.find("xn--") != std::string::npos) {
        char* out = nullptr;
        if (idn2_to_unicode_8z8z(name.c_str(), &out, 0) != IDN2_OK)
            return wrong("an xn-- part of the name is not valid");
        idn2_free(out);
    }
    return Hostname{std::move(name)};
}

Parsed<RecordName> RecordName::parse(std::string_view text) {
    if (text == "@" || text == "*") return RecordName{std::string(text)};
    if (text.size() > hostname_limit)
        return wrong(fmt::format("a name has at most {} characters", hostname_limit));
    const auto fault =
        each_label(text, [](std::string_view label, std::size_t index) -> std::optional<std::string> {
            if (index == 0 && label == "*") return std::nullopt;
            return label_fault(label, true);
        });
    if (fault) return wrong(*fault);
    return RecordName{lower(text)};
}

Parsed<Ipv4> Ipv4::parse(std::string_view text) {
    const std::string copy(text);
    in_addr address;
    if (copy.size() != text.size() || copy.find('\0') != std::string::npos ||
        inet_pton(AF_INET, copy.c_str(), &address) != 1) {
        return wrong("an IPv4 address looks like 10.8.0.2");
    }
    return Ipv4{ntohl(address.s_addr)};
}

Parsed<Ipv6> Ipv6::parse(std::string_view text) {
    const std::string copy(text);
    Ipv6 out;
    if (copy.find('\0') != std::string::npos || inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) != 1) {
        return wrong("an IPv6 address looks like fd00:8::2");
    }
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::ranges::equal(mapped, std::span(out.bytes).first(12))) {
        return wrong("an IPv4 address must be written as one, not mapped into IPv6");
    }
    return out;
}

Parsed<Cidr4> Cidr4::parse(std::string_view text) {
    const auto parts = split_cidr(text, 32);
    if (!parts) return wrong("a network looks like 10.8.0.0/24");
    const auto address = Ipv4::parse(parts->first);
    if (!address) return wrong("a network looks like 10.8.0.0/24");
    Cidr4 out{*address, static_cast<std::uint8_t>(parts->second)};
    if (!out.contains(*address)) {
        out.network.bits &= out.mask();
        return wrong(
            fmt::format("{} is an address within a network; the network is {}", text, to_string(out)));
    }
    return out;
}

Parsed<Cidr6> Cidr6::parse(std::string_view text) {
    const auto parts = split_cidr(text, 128);
    if (!parts) return wrong("an IPv6 network looks like fd00:8::/64");
    const auto address = Ipv6::parse(parts->first);
    if (!address) return wrong("an IPv6 network looks like fd00:8::/64");
    Cidr6 out{*address, static_cast<std::uint8_t>(parts->second)};
    for (unsigned bit = out.prefix; bit < 128; ++bit) {
        if ((out.network.bytes[bit / 8] & (0x80U >> bit % 8)) != 0)
            return wrong("the host part of the network must be zero");
    }
    return out;
}

bool Cidr6::contains(const Ipv6& a) const {
    for (unsigned bit = 0; bit < prefix; ++bit) {
        const auto mask = 0x80U >> bit % 8;
        if (((a.bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

Ipv6 Cidr6::at(std::uint64_t n) const {
    Ipv6 out = network;
    for (std::size_t i = 16; i-- > 8 && n != 0;) {
        n += out.bytes[i];
        out.bytes[i] = static_cast<std::uint8_t>(n);
        n >>= 8;
    }
    return out;
}

Parsed<Cidr> Cidr::parse(std::string_view text) {
    Cidr out;
    if (text.find(':') != std::string_view::npos) {
        auto six = Cidr6::parse(text);
        if (!six) return wrong(six.error());
        out.v6 = true;
        out.six = *six;
        return out;
    }
    auto four = Cidr4::parse(text);
    if (!four) return wrong(four.error());
    out.four = *four;
    return out;
}

Parsed<WgKey> WgKey::parse(std::string_view text) {
    WgKey key;
    std::size_t size = 0;
    const char* end = nullptr;
    const bool ok =
        text.size() == 44 && sodium_base642bin(key.bytes.data(), key.bytes.size(), text.data(), text.size(),
                                               nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!ok || size != key.bytes.size() || end != text.data() + text.size() || to_string(key) != text) {
        return wrong("a WireGuard public key is 32 bytes in base64: 44 characters ending in =");
    }
    if (std::ranges::all_of(key.bytes, [](auto b) { return b == 0; }))
        return wrong("a key of zeros is no key");
    return key;
}

Parsed<EmailAddress> EmailAddress::parse(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~.";
    constexpr std::size_t local_limit = 64, limit = 254;
    const auto refusal = [] { return wrong("an e-mail address looks like name@example.org"); };
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > local_limit || text.size() > limit) return refusal();
    const auto local = text.substr(0, at);
    const bool atoms =
        local.front() != '.' && local.back() != '.' && local.find("..") == std::string_view::npos;
    const auto is_atext = [&](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; };
    const auto domain = Hostname::parse(text.substr(at + 1));
    if (!atoms || !std::ranges::all_of(local, is_atext) || !domain) return refusal();
    return EmailAddress{lower(local) + "@" + domain->text};
}

Parsed<CertificateDer> CertificateDer::parse(std::string_view text) {
    constexpr std::size_t limit = std::size_t{16} * 1024;
    constexpr unsigned char sequence_tag = 0x30;
    std::vector<unsigned char> der(text.size());
    std::size_t size = 0;
    const char* end = nullptr;
    const bool ok = !text.empty() && text.size() <= limit &&
                    sodium_base642bin(der.data(), der.size(), text.data(), text.size(), nullptr, &size, &end,
                                      sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!ok || end != text.data() + text.size() || size == 0 || der[0] != sequence_tag) {
        return wrong("a certificate is its DER in base64, on one line");
    }
    return CertificateDer{std::string(text)};
}

Parsed<Endpoint> Endpoint::parse(std::string_view text) {
    const auto parts = split_port(text, false);
    if (!parts) return wrong("an endpoint looks like vpn.example.org:51820");
    if (const auto four = Ipv4::parse(parts->first)) return Endpoint{to_string(*four), parts->second};
    if (const auto six = Ipv6::parse(parts->first); six && text[0] == '[')
        return Endpoint{to_string(*six), parts->second};
    const auto name = Hostname::parse(parts->first);
    if (!name) return wrong("an endpoint looks like vpn.example.org:51820: " + name.error());
    return Endpoint{name->text, parts->second};
}

Parsed<SocketAddress> SocketAddress::parse(std::string_view text) {
    if (const auto bare = Ipv6::parse(text)) return SocketAddress{to_string(*bare), 0};
    const auto parts = split_port(text, true);
    if (parts) {
        if (const auto four = Ipv4::parse(parts->first))
            return SocketAddress{to_string(*four), parts->second};
        if (const auto six = Ipv6::parse(parts->first)) return SocketAddress{to_string(*six), parts->second};
    }
    return wrong("a resolver is an IP address with an optional port, as 9.9.9.9 or [2620:fe::fe]:53");
}

Parsed<TimeZone> TimeZone::parse(std::string_view text) {
    constexpr std::size_t limit = 64;
    const auto ok = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '+' || c == '/'; };
    if (text.empty() || text.size() > limit || !std::ranges::all_of(text, ok) || text.front() == '/' ||
        text.back() == '/' || text.find("//") != std::string_view::npos) {
        return wrong("a time zone looks like Europe/Berlin or UTC");
    }
    return TimeZone{std::string(text)};
}

bool is_clean_text(std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) return false;
    for (std::size_t i = 0; (i = find_not_plain(text, i)) < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7f) return false;
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
        if (c == 0xc2 && next < 0xa0) return false;  // U+0080 to U+009F
        if (c == 0xe2 && next == 0x80) {
            const auto last = i + 2 < text.size() ? static_cast<unsigned char>(text[i + 2]) : 0;
            if (last == 0xa8 || last == 0xa9) return false;  // U+2028, U+2029
        }
    }
    return true;
}

Parsed<Text> Text::parse(std::string_view text) {
    if (!is_clean_text(text)) return wrong("text must be one line without control characters");
    const auto characters =
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    if (text.size() > limit_bytes || characters > static_cast<std::ptrdiff_t>(limit_characters)) {
        return wrong(fmt::format("text has at most {} characters", limit_characters));
    }
    return Text{std::string(text)};
}

std::string to_string(const Label& v) { return v.text; }
std::string to_string(const Hostname& v) { return v.text; }
std::string to_string(const RecordName& v) { return v.text; }
std::string to_string(const TimeZone& v) { return v.text; }
std::string to_string(const Text& v) { return v.text; }
std::string to_string(const EmailAddress& v) { return v.text; }
std::string to_string(const CertificateDer& v) { return v.base64; }

std::string to_pem(const CertificateDer& certificate) {
    constexpr std::size_t line = 64;
    std::string pem = "-----BEGIN CERTIFICATE-----\n";
    for (std::size_t at = 0; at < certificate.base64.size(); at += line) {
        pem += std::string_view(certificate.base64).substr(at, line);
        pem += '\n';
    }
    return pem + "-----END CERTIFICATE-----\n";
}

std::string to_string(const Ipv4& v) {
    return fmt::format("{}.{}.{}.{}", v.bits >> 24, v.bits >> 16 & 255, v.bits >> 8 & 255, v.bits & 255);
}

std::string to_string(const Ipv6& v) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, v.bytes.data(), text.data(), text.size());
    return text.data();
}

std::string to_string(const Cidr4& v) { return fmt::format("{}/{}", to_string(v.network), v.prefix); }
std::string to_string(const Cidr6& v) { return fmt::format("{}/{}", to_string(v.network), v.prefix); }
std::string to_string(const Cidr& v) { return v.v6 ? to_string(v.six) : to_string(v.four); }

std::string to_string(const WgKey& v) {
    std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)> text{};
    sodium_bin2base64(text.data(), text.size(), v.bytes.data(), v.bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    return text.data();
}

std::string to_string(const Endpoint& v) {
    return v.host.find(':') == std::string::npos ? fmt::format("{}:{}", v.host, v.port)
                                                 : fmt::format("[{}]:{}", v.host, v.port);
}

std::string to_string(const SocketAddress& v) {
    if (v.port == 0) return v.address;
    return to_string(Endpoint{v.address, v.port});
}

bool is_private(const Cidr4& network) {
    static constexpr std::array ranges{Cidr4{{0x0a000000}, 8}, Cidr4{{0xac100000}, 12},
                                       Cidr4{{0xc0a80000}, 16}};
    return std::ranges::any_of(ranges, [&](const Cidr4& range) { return range.contains(network); });
}

bool is_unique_local(const Cidr6& network) {
    return network.prefix >= 7 && (network.network.bytes[0] & 0xfe) == 0xfc;
}

}  // namespace pic
