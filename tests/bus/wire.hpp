// A peer that speaks to the server frame by frame, well or badly, with whatever key it is given.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bus/cell.hpp"
#include "bus/sockets.hpp"

namespace pic::bus::test {

class Peer {
  public:
    Peer(const Cell& cell, const KeyPair& keys, zmq::socket_type type = zmq::socket_type::dealer,
         int queue = 1000)
        : Peer(type == zmq::socket_type::sub ? "tcp://127.0.0.1:" + std::to_string(cell.server->hint_port())
                                             : cell.endpoint,
               cell.keys.public_key, keys, type, queue) {}
    Peer(const std::string& endpoint, const std::string& server_key, const KeyPair& keys,
         zmq::socket_type type = zmq::socket_type::dealer, int queue = 1000)
        : socket(context, type) {
        socket.set(zmq::sockopt::rcvhwm, queue);
        secure_client(socket, keys, server_key);
        if (type == zmq::socket_type::sub) socket.set(zmq::sockopt::subscribe, "");
        zmq_socket_monitor(socket.handle(), "inproc://monitor",
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_DISCONNECTED);
        monitor.connect("inproc://monitor");
        socket.connect(endpoint);
    }
    ~Peer() {
        zmq_socket_monitor(socket.handle(), nullptr, 0);
        socket.set(zmq::sockopt::linger, 0);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void send(Frames frames) { bus::send(socket, {}, std::move(frames)); }
    void send(const RequestBody& body, std::uint64_t id = 1) { send(encode(RequestId{id}, body)); }

    /// The frames of the next message; none in time: empty.
    Frames receive(std::chrono::milliseconds limit = patience) {
        zmq_pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, limit.count());
        Incoming message;
        if (!bus::receive(socket, message, 2 + files_limit)) return {};
        return {message.frames.begin(), message.frames.end()};
    }
    /// The code of the error that comes next; "": something else, or nothing.
    std::string error_code() {
        const auto frames = receive();
        const std::vector<std::string_view> seen(frames.begin(), frames.end());
        const auto answer = decode_answer(seen);
        const auto* error = answer ? std::get_if<Error>(&answer->body) : nullptr;
        return error == nullptr ? "" : error->code;
    }
    template <class Body>
    bool answers() {
        const auto frames = receive();
        const std::vector<std::string_view> seen(frames.begin(), frames.end());
        const auto answer = decode_answer(seen);
        return answer && std::holds_alternative<Body>(answer->body);
    }
    /// What libzmq says next of the connection: a ZMQ_EVENT_ number; 0: nothing in time.
    int event(std::chrono::milliseconds limit = patience) {
        zmq_pollitem_t item{monitor.handle(), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, limit.count());
        Incoming message;
        if (!bus::receive(monitor, message, 2)) return 0;
        return static_cast<std::uint8_t>(message.frames[0][0]) |
               static_cast<std::uint8_t>(message.frames[0][1]) << 8;
    }

    zmq::context_t context;
    zmq::socket_t socket;
    zmq::socket_t monitor{context, zmq::socket_type::pair};
};

}  // namespace pic::bus::test
