// The door-keeper: answers libzmq's question whether a key may connect (RFC 27/ZAP). The answer's User-Id is
// the key itself, so that each message can be held against the list as it is then, not as it was when the
// connection was made. It lives on the bus thread: a thread of its own would be one more to stop in the right
// order, for a question a connection.
#pragma once

#include <zmq.hpp>

#include "bus/allow_list.hpp"

namespace pic::bus {

/// Sockets that name a domain ask the handler; with ZMQ_ZAP_ENFORCE_DOMAIN they refuse where it is missing.
inline constexpr char zap_domain[] = "pic";

class ZapHandler {
  public:
    /// Bind before any other socket of the context; throws zmq::error_t when another handler is bound.
    ZapHandler(zmq::context_t& context, const AllowList& allowed);

    [[nodiscard]] zmq::socket_t& socket() { return socket_; }
    /// Answers every question that has come.
    void answer();

  private:
    zmq::socket_t socket_;
    const AllowList& allowed_;
};

}  // namespace pic::bus
