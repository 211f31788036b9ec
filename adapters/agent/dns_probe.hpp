// Asks a DNS server as a client would (RFC 1035), for the one thing that says whether a reload was taken up:
// the serial of a zone. Building and reading messages is pure; the network part is a datagram or a short
// connection with a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/rejection.hpp"

namespace pic::agent {

/// A query for the SOA of `zone` (no last dot needed). Refusal: "bad_name" when it is no domain name.
[[nodiscard]] Result<std::string> soa_query(std::uint16_t id, std::string_view zone);

/// The serial in the answer to that query. Refusal: "dns_answer" with what is wrong, e.g. "the server says
/// REFUSED".
[[nodiscard]] Result<std::uint32_t> soa_serial(std::uint16_t id, std::string_view message);

/// Asks `server` (address:port, an IPv6 address in brackets) over UDP, then over TCP, until both give a
/// serial or the time is over. Refusal: "dns_answer" with the last reason.
[[nodiscard]] Result<void> expect_serial(const std::string& server, std::string_view zone,
                                         std::uint32_t serial, std::chrono::milliseconds limit);

}  // namespace pic::agent
