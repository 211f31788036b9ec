#include "bus/sockets.hpp"

#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "bus/zap.hpp"

namespace pic::bus {
namespace {

/// Left out of zmq.h unless its drafts are asked for, but honoured by every libzmq since 4.3.0. Without it a
/// connection is let in unquestioned when no ZAP handler is bound.
constexpr int zap_enforce_domain_option = 93;
/// Frames above this are handed to libzmq where they lie instead of being copied.
constexpr std::size_t copy_limit = 4096;

int in_ms(std::chrono::milliseconds time) { return static_cast<int>(time.count()); }

void set_common(zmq::socket_t& socket) {
    socket.set(zmq::sockopt::handshake_ivl, in_ms(handshake_limit));
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::tcp_keepalive_idle, static_cast<int>(keepalive_idle.count()));
    socket.set(zmq::sockopt::tcp_keepalive_intvl, static_cast<int>(keepalive_interval.count()));
    socket.set(zmq::sockopt::tcp_keepalive_cnt, keepalive_probes);
    socket.set(zmq::sockopt::linger, in_ms(linger));
}

zmq::message_t message_of(std::string frame) {
    if (frame.size() <= copy_limit) return zmq::message_t(frame.data(), frame.size());
    auto* owned = new std::string(std::move(frame));
    return zmq::message_t(
        owned->data(), owned->size(), [](void*, void* hint) { delete static_cast<std::string*>(hint); },
        owned);
}

Sent failure() {
    if (zmq_errno() == EHOSTUNREACH) return Sent::unreachable;
    if (zmq_errno() == EAGAIN) return Sent::full;
    throw zmq::error_t();
}

bool send_part(zmq::socket_t& socket, zmq::message_t& part, bool more) {
    const int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    while (zmq_msg_send(part.handle(), socket.handle(), flags) < 0) {
        if (zmq_errno() != EINTR) return false;
    }
    return true;
}

bool receive_part(zmq::socket_t& socket, zmq::message_t& part) {
    while (zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() == EAGAIN) return false;
        if (zmq_errno() != EINTR) throw zmq::error_t();
    }
    return true;
}

}  // namespace

void secure_server(zmq::socket_t& socket, const KeyPair& keys) {
    set_common(socket);
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, keys.secret_key.reveal());
    socket.set(zmq::sockopt::zap_domain, zap_domain);
    const int enforce = 1;
    if (zmq_setsockopt(socket.handle(), zap_enforce_domain_option, &enforce, sizeof enforce) != 0)
        throw zmq::error_t();
}

void secure_client(zmq::socket_t& socket, const KeyPair& keys, const std::string& server_public_key) {
    set_common(socket);
    socket.set(zmq::sockopt::curve_serverkey, server_public_key);
    socket.set(zmq::sockopt::curve_publickey, keys.public_key);
    socket.set(zmq::sockopt::curve_secretkey, keys.secret_key.reveal());
    socket.set(zmq::sockopt::reconnect_ivl, in_ms(reconnect_first));
    socket.set(zmq::sockopt::reconnect_ivl_max, in_ms(reconnect_most));
}

std::uint16_t port_of(std::string_view endpoint) {
    const auto colon = endpoint.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos) {
        std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
    }
    return port;
}

bool receive(zmq::socket_t& socket, Incoming& message, std::size_t frame_limit) {
    message = {};
    zmq::message_t part;
    if (!receive_part(socket, part)) return false;
    while (true) {
        const bool more = part.more();
        message.too_many = message.parts.size() == frame_limit;
        if (!message.too_many) message.parts.push_back(std::exchange(part, zmq::message_t()));
        if (!more) break;
        if (!receive_part(socket, part)) break;
    }
    for (const auto& kept : message.parts) message.frames.push_back(kept.to_string_view());
    return true;
}

Sent send(zmq::socket_t& socket, std::string_view routing_id, Frames frames) {
    if (!routing_id.empty()) {
        zmq::message_t part(routing_id.data(), routing_id.size());
        if (!send_part(socket, part, true)) return failure();
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        auto part = message_of(std::move(frames[i]));
        if (!send_part(socket, part, i + 1 < frames.size())) return failure();
    }
    return Sent::yes;
}

}  // namespace pic::bus
