// Typed scalars. User text becomes one of these at the edge, and again when the log is replayed, or it is
// refused: nothing else ever reaches a config file, so no value can carry a newline, a quote or a directive
// into one. Each type is parsed by a pure function that says in a sentence what is wrong, and prints one
// canonical spelling.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace pic {

/// The value, or the sentence to show.
template <class T>
using Parsed = std::expected<T, std::string>;

/// One label of a host name: 1-63 letters, digits, hyphens, no hyphen at either end (RFC 1123 2.1). Lower
/// case.
struct Label {
    std::string text;
    static Parsed<Label> parse(std::string_view text);
    friend auto operator<=>(const Label&, const Label&) = default;
};

/// A host or domain name without the final dot, at most 253 characters, its last label not a number (RFC
/// 1123, RFC 3696). International names are accepted (IDNA 2008) and kept as A-labels. Lower case.
struct Hostname {
    std::string text;
    static Parsed<Hostname> parse(std::string_view text);
    friend auto operator<=>(const Hostname&, const Hostname&) = default;
};

/// A name within a zone: "@" (the zone itself), or labels of which the first may be "*" (RFC 4592) and any
/// may begin with an underscore (RFC 8552). Lower case.
struct RecordName {
    std::string text;
    static Parsed<RecordName> parse(std::string_view text);
    friend auto operator<=>(const RecordName&, const RecordName&) = default;
};

/// Dotted quad. Host byte order inside.
struct Ipv4 {
    std::uint32_t bits = 0;
    static Parsed<Ipv4> parse(std::string_view text);
    friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
};

/// RFC 4291 address in the spelling of RFC 5952. No zone index, no IPv4-mapped addresses.
struct Ipv6 {
    std::array<std::uint8_t, 16> bytes{};
    static Parsed<Ipv6> parse(std::string_view text);
    friend auto operator<=>(const Ipv6&, const Ipv6&) = default;
};

/// An IPv4 network: host bits are zero.
struct Cidr4 {
    Ipv4 network;
    std::uint8_t prefix = 0;
    static Parsed<Cidr4> parse(std::string_view text);
    [[nodiscard]] std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
    [[nodiscard]] bool contains(Ipv4 a) const { return (a.bits & mask()) == network.bits; }
    [[nodiscard]] bool contains(const Cidr4& c) const { return c.prefix >= prefix && contains(c.network); }
    [[nodiscard]] bool overlaps(const Cidr4& c) const { return contains(c.network) || c.contains(network); }
    [[nodiscard]] Ipv4 broadcast() const { return {network.bits | ~mask()}; }
    /// Address number `n` of the network; the caller keeps n below its size.
    [[nodiscard]] Ipv4 at(std::uint64_t n) const { return {network.bits + static_cast<std::uint32_t>(n)}; }
    /// How many addresses the network has, the network's own and the broadcast address included.
    [[nodiscard]] std::uint64_t size() const { return std::uint64_t{1} << (32 - prefix); }
    friend auto operator<=>(const Cidr4&, const Cidr4&) = default;
};

/// An IPv6 network: host bits are zero.
struct Cidr6 {
    Ipv6 network;
    std::uint8_t prefix = 0;
    static Parsed<Cidr6> parse(std::string_view text);
    [[nodiscard]] bool contains(const Ipv6& a) const;
    [[nodiscard]] bool overlaps(const Cidr6& c) const { return contains(c.network) || c.contains(network); }
    /// The network's address with `n` added to its last 64 bits.
    [[nodiscard]] Ipv6 at(std::uint64_t n) const;
    friend auto operator<=>(const Cidr6&, const Cidr6&) = default;
};

/// A network of either family, as in a list of routes.
struct Cidr {
    bool v6 = false;
    Cidr4 four;
    Cidr6 six;
    static Parsed<Cidr> parse(std::string_view text);
    friend auto operator<=>(const Cidr&, const Cidr&) = default;
};

/// 32 bytes in canonical base64 (44 characters, one spelling a key): a WireGuard public key.
struct WgKey {
    std::array<std::uint8_t, 32> bytes{};
    static Parsed<WgKey> parse(std::string_view text);
    friend auto operator<=>(const WgKey&, const WgKey&) = default;
};

/// host:port, the host a name, an IPv4 address or a bracketed IPv6 address: where clients reach the cell.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    static Parsed<Endpoint> parse(std::string_view text);
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// An IP address with an optional port, as an upstream resolver is given: 9.9.9.9, 9.9.9.9:53,
/// [2620:fe::fe]:53.
struct SocketAddress {
    std::string address;
    std::uint16_t port = 0;  ///< 0: the protocol's own
    static Parsed<SocketAddress> parse(std::string_view text);
    friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

/// An IANA time zone name as the tz database spells them, e.g. Europe/Berlin. That it exists is not checked
/// here.
struct TimeZone {
    std::string text;
    static Parsed<TimeZone> parse(std::string_view text);
    friend auto operator<=>(const TimeZone&, const TimeZone&) = default;
};

/// An e-mail address: the dot-string of RFC 5321 4.1.2 (quoted local parts are not taken) and a hostname, at
/// most 254 characters. Lower case, the local part too: no mail system of today tells them apart.
struct EmailAddress {
    std::string text;
    static Parsed<EmailAddress> parse(std::string_view text);
    [[nodiscard]] std::string_view local_part() const {
        return std::string_view(text).substr(0, text.rfind('@'));
    }
    [[nodiscard]] std::string_view domain() const {
        return std::string_view(text).substr(text.rfind('@') + 1);
    }
    friend auto operator<=>(const EmailAddress&, const EmailAddress&) = default;
};

/// An X.509 certificate (RFC 5280) as DER in canonical base64 on one line: public, so it may be in the log.
/// Only that it is base64 of one ASN.1 sequence is checked here; who made it is the authority's business.
struct CertificateDer {
    std::string base64;
    static Parsed<CertificateDer> parse(std::string_view text);
    friend auto operator<=>(const CertificateDer&, const CertificateDer&) = default;
};

/// Free text for people: 0-200 characters of UTF-8 on one line, without control characters, U+2028 and
/// U+2029. It is never rendered into a config file.
struct Text {
    std::string text;
    static constexpr std::size_t limit_bytes = 800;
    static constexpr std::size_t limit_characters = 200;
    static Parsed<Text> parse(std::string_view text);
    friend auto operator<=>(const Text&, const Text&) = default;
};

std::string to_string(const Label& v);
std::string to_string(const Hostname& v);
std::string to_string(const RecordName& v);
std::string to_string(const Ipv4& v);
std::string to_string(const Ipv6& v);
std::string to_string(const Cidr4& v);
std::string to_string(const Cidr6& v);
std::string to_string(const Cidr& v);
std::string to_string(const WgKey& v);
std::string to_string(const Endpoint& v);
std::string to_string(const SocketAddress& v);
std::string to_string(const TimeZone& v);
std::string to_string(const EmailAddress& v);
std::string to_string(const CertificateDer& v);
std::string to_string(const Text& v);

/// The certificate between its armour lines (RFC 7468), ending in a newline.
[[nodiscard]] std::string to_pem(const CertificateDer& certificate);

/// RFC 1918: 10/8, 172.16/12, 192.168/16.
[[nodiscard]] bool is_private(const Cidr4& network);
/// RFC 4193: fc00::/7.
[[nodiscard]] bool is_unique_local(const Cidr6& network);
/// Whether bytes are UTF-8 without control characters, DEL, C1 controls, U+2028 and U+2029.
[[nodiscard]] bool is_clean_text(std::string_view text);

}  // namespace pic
