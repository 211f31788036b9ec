// One question to a server over one socket, with a deadline: what every probe that speaks to a service as its
// client would is made of.
#pragma once

#include <netdb.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/agent/process.hpp"
#include "schema/rejection.hpp"

namespace pic::agent {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// `server` is address:port, an IPv6 address in brackets; `type` SOCK_STREAM or SOCK_DGRAM. Names are not
/// looked up: a probe must not wait for DNS. Refusal: "bad_server".
[[nodiscard]] Result<Addresses> numeric_address(const std::string& server, int type);

class Exchange {
  public:
    using Clock = std::chrono::steady_clock;

    Exchange(const addrinfo& to, Clock::time_point deadline);
    [[nodiscard]] bool send(std::string_view bytes);
    /// What one read gives; empty on an error, at the end and when the time is over.
    [[nodiscard]] std::string receive(std::size_t limit);

  private:
    bool wait(short events);

    Fd socket_;
    Clock::time_point deadline_;
    bool connected_ = false;
};

/// Says `say` to `server` over TCP, or UDP where `datagram`, until the answer begins with `expect` or the
/// time is over. With nothing to say the server speaks first; with nothing to expect a connection is enough.
/// Refusal: "bad_server", or "talk" with how the last answer began.
[[nodiscard]] Result<void> expect_answer(const std::string& server, bool datagram, std::string_view say,
                                         std::string_view expect, std::chrono::milliseconds limit);

}  // namespace pic::agent
