// What every socket of the bus has in common: keys, limits, and whole messages in and out. For the .cpp files
// of this folder (and its tests) alone, as it shows zmq.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "bus/keys.hpp"
#include "bus/messages.hpp"

namespace pic::bus {

/// A connection that has not shown its key by then is closed.
inline constexpr std::chrono::milliseconds handshake_limit{5000};
/// A connection whose other side has vanished is found by TCP: idle for so long, then so many probes so far
/// apart. Not by ZMTP's PING: libzmq (4.3.4 and after) aborts the process when a PING falls due, or is read,
/// on a connection that ended while a full queue had stopped its input (stream_engine_base.cpp: out_event()
/// asserts !_io_error).
inline constexpr std::chrono::seconds keepalive_idle{10};
inline constexpr std::chrono::seconds keepalive_interval{5};
inline constexpr int keepalive_probes = 3;
/// What is queued when a socket closes gets this long to leave.
inline constexpr std::chrono::milliseconds linger{100};
inline constexpr std::chrono::milliseconds reconnect_first{20};
inline constexpr std::chrono::milliseconds reconnect_most{1000};
/// Messages that wait for one slow peer. Answers beyond it are dropped (the peer asks again), hints as well.
inline constexpr int answer_queue = 64;
inline constexpr int hint_queue = 16;
/// Requests of one peer that wait for the controller; beyond it TCP holds the peer back.
inline constexpr int request_queue = 256;

/// CURVE as the server, every connection judged by the ZAP handler, or refused where there is none. Before
/// bind().
void secure_server(zmq::socket_t& socket, const KeyPair& keys);
/// CURVE as the client. Before connect().
void secure_client(zmq::socket_t& socket, const KeyPair& keys, const std::string& server_public_key);

/// The port in "tcp://127.0.0.1:5560"; 0 where there is none.
[[nodiscard]] std::uint16_t port_of(std::string_view endpoint);

/// One message off the wire. `frames` look into `parts`.
struct Incoming {
    std::vector<zmq::message_t> parts;
    std::vector<std::string_view> frames;
    bool too_many = false;  ///< frames beyond the limit were read and let go
};

/// Takes one whole message if there is one, keeping at most `frame_limit` of its frames.
[[nodiscard]] bool receive(zmq::socket_t& socket, Incoming& message, std::size_t frame_limit);

enum class Sent { yes, full, unreachable };

/// Queues one whole message, after a routing id where one is given (ROUTER); never waits.
Sent send(zmq::socket_t& socket, std::string_view routing_id, Frames frames);

}  // namespace pic::bus
