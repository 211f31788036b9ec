// What a DNS record says, by its type. The text that a person typed becomes one canonical spelling here or is
// refused; the zone file is written from that spelling by the same table of types, so no text ever reaches a
// zone as it was typed.
//
// A host in a value is absolute where it has a dot (example.org, example.org.) and relative to the cell's
// domain where it is one label (laptop) or "@" (the domain itself). That is what people mean when they type
// it; RFC 1035's own rule, a final dot or else relative, turned "example.org" into "example.org.home.example"
// too often. A single label that is meant to be absolute is written with its dot ("localhost.").
#pragma once

#include <optional>

#include "schema/scalars.hpp"

namespace pic::dns {

enum class RecordType { a, aaaa, cname, mx, txt, srv, caa, ptr };
constexpr std::array<std::string_view, 8> enum_names(RecordType) {
    return {"A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA", "PTR"};
}

/// The owner of a record: a name within the domain ("@", "www", "*", "_sip._tcp"), or, for a PTR, the IP
/// address whose reverse zone it goes into. At most `owner_limit` characters, so that with the longest domain
/// it is still a name.
struct OwnerName {
    std::string text;
    static Parsed<OwnerName> parse(std::string_view text);
    [[nodiscard]] std::optional<Ipv4> ipv4() const;
    [[nodiscard]] std::optional<Ipv6> ipv6() const;
    [[nodiscard]] bool is_address() const { return ipv4() || ipv6(); }
    friend auto operator<=>(const OwnerName&, const OwnerName&) = default;
};
std::string to_string(const OwnerName& v);

/// The value of a record of any type, as stored: clean text of 1 to `value_limit` bytes.
struct RecordValue {
    std::string text;
    static Parsed<RecordValue> parse(std::string_view text);
    friend auto operator<=>(const RecordValue&, const RecordValue&) = default;
};
std::string to_string(const RecordValue& v);

inline constexpr std::size_t owner_limit = 124;  ///< 253 (RFC 1035 2.3.4) less a dot and cell::domain_limit
inline constexpr std::size_t value_limit =
    2048;  ///< bytes; a TXT of this size still fits a DNS message over UDP with EDNS
inline constexpr std::uint32_t ttl_default = 300, ttl_least = 30, ttl_most = 604800;  ///< seconds

/// The canonical spelling of a value:
///   A 10.8.0.2 · AAAA fd00::2 · CNAME, PTR host · MX "10 host" (RFC 7505: "0 .") · SRV "10 5 5060 host" (RFC
///   2782) · CAA `0 issue "ca.example"` (RFC 8659) · TXT the text itself, without quotes or escapes.
[[nodiscard]] Parsed<RecordValue> canonical(RecordType type, std::string_view text);

/// The RDATA of a canonical value as a master file has it (RFC 1035 5.1), hosts of one label relative to the
/// $ORIGIN; nothing where the value is not one of this type.
[[nodiscard]] std::optional<std::string> rdata(RecordType type, std::string_view value);

/// `text` as <character-string>s of at most 255 bytes in quotes, everything but plain ASCII escaped (RFC
/// 1035 5.1, RFC 7208 3.3).
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace pic::dns
