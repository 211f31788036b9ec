// A question to one resolver, as a client of the cell would ask it: RFC 1035 over UDP, and over TCP where the
// answer was cut.
#pragma once

#include <string>
#include <vector>

#include "schema/record.hpp"

namespace pic::api {

struct DnsAnswer {
    std::string name, type;
    std::uint32_t ttl = 0;
    std::string value;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("type", s.type), field("ttl", s.ttl),
                          field("value", s.value));
    }
};

struct DnsReply {
    std::string rcode;  ///< "NOERROR", "NXDOMAIN", ...
    std::uint64_t milliseconds = 0;
    std::vector<DnsAnswer> answers;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("rcode", s.rcode), field("milliseconds", s.milliseconds),
                          field("answers", s.answers));
    }
};

/// Blocks for at most two tries of two seconds. `server`: address:port. Rejections: invalid_field (a name
/// that is none), resolver_silent.
[[nodiscard]] Result<DnsReply> dns_lookup(const std::string& server, const std::string& name,
                                          const std::string& type);

}  // namespace pic::api
