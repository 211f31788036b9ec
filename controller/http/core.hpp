// What the connections of one server share. Everything here is used on the server's thread only.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <string>

#include "controller/http/exchange.hpp"
#include "controller/http/gate.hpp"
#include "controller/http/net.hpp"
#include "controller/http/pass_on.hpp"
#include "controller/http/server.hpp"
#include "controller/http/stream.hpp"
#include "controller/http/stream_hub.hpp"

namespace pic::http {

using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

/// A connection, HTTP or websocket, as the server's timer sees it.
class Peer {
  public:
    virtual ~Peer() = default;
    /// A deadline may have passed.
    virtual void tick(Clock::time_point now) = 0;
    /// End as soon as decency allows.
    virtual void stop() = 0;
    /// End now.
    virtual void abort() = 0;
};

struct Shared {
    const ServerOptions& options;
    const Limits& limits;
    Gate& gate;
    Gatekeeper& gatekeeper;
    Metrics& metrics;
    StreamHub& hub;
    std::vector<Handler> handlers;     ///< by Operation::index
    std::optional<Upstream> upstream;  ///< the files service; nothing: what is below /dav/ is not here
    std::shared_ptr<Mailbox> mailbox;
    std::list<Peer*> peers;
    std::string date_line;  ///< "Date: ...\r\n", renewed by the timer
    std::string id_prefix;  ///< of request ids, this run's own
    std::uint64_t next_id = 0;
    std::size_t websockets = 0;
    TlsContext tls = {};  ///< for new connections; none before there is a certificate
    bool hsts = false;
    bool stopping = false;
};

/// Serves a connection until it ends. `local` is who is at the other end of a unix socket.
void start_connection(Shared& shared, Stream stream, std::string remote, bool is_local, PrincipalPtr local);

}  // namespace pic::http
