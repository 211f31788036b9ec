// The text form of a zone (RFC 1035 5.1), read: enough of it to take over what other servers export. $INCLUDE
// is refused, since it would read files; classes other than IN and types that the cell does not have are
// refused by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rejection.hpp"

namespace pic::api {

struct ZoneRecord {
    std::size_t line = 0;  ///< where it begins, from 1
    std::string name;      ///< relative to the zone, "@" for the zone itself
    std::string type;      ///< upper case
    std::string value;     ///< as a record's `value` has it; of TXT the text itself
    std::optional<std::uint32_t> ttl;
    friend bool operator==(const ZoneRecord& a, const ZoneRecord& b) {
        return a.name == b.name && a.type == b.type && a.value == b.value;
    }
};

inline constexpr std::size_t zone_records_limit = 1000;  ///< as many as a change-set takes

/// The records of `text`, without SOA and the zone's own NS, which are the cell's. `origin`: the zone,
/// without the last dot. Rejection invalid_field; the pointers are line numbers.
[[nodiscard]] Result<std::vector<ZoneRecord>> parse_zone(std::string_view text, std::string_view origin);

}  // namespace pic::api
