#include "bus/link.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "bus/timing.hpp"

namespace pic::bus {
namespace {

constexpr int handshake_failed = ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
constexpr int monitored = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | handshake_failed |
                          ZMQ_EVENT_DISCONNECTED;
constexpr std::size_t answer_frames = 1 + files_limit;
/// A monitor's event is two frames: number and value (zmq_socket_monitor(3)), and the address.
constexpr std::size_t monitor_frames = 2;

/// "tcp://127.0.0.1:5560" and 7000 -> "tcp://127.0.0.1:7000".
std::string with_port(std::string_view address, std::uint16_t port) {
    return std::string(address.substr(0, address.rfind(':') + 1)) + std::to_string(port);
}

}  // namespace

Link::Link(LinkOptions options, int doorbell) : options_(std::move(options)), doorbell_(doorbell) {
    if (!is_key(options_.server_public_key) || !is_key(options_.keys.public_key)) {
        throw std::runtime_error("a key of the bus is not 40 characters of Z85");
    }
    open_requests();
}

Link::~Link() { close_requests(); }

/// Libzmq comes back by itself from a lost connection, and never from a refused one: then the socket is made
/// anew.
void Link::open_requests() {
    requests_ = zmq::socket_t(context_, zmq::socket_type::dealer);
    secure_client(requests_, options_.keys, options_.server_public_key);
    // Nothing is queued for a connection that is not there: what was to be asked is decided anew after each
    // welcome.
    requests_.set(zmq::sockopt::immediate, true);
    requests_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(answer_frame_limit));
    requests_.set(zmq::sockopt::sndhwm, request_queue);
    requests_.set(zmq::sockopt::rcvhwm, answer_queue);
    // A name of its own each time: libzmq lets go of the last one in its own time.
    const auto monitor_endpoint = "inproc://monitor-" + std::to_string(++opened_);
    if (zmq_socket_monitor(requests_.handle(), monitor_endpoint.c_str(), monitored) != 0)
        throw zmq::error_t();
    monitor_ = zmq::socket_t(context_, zmq::socket_type::pair);
    // Without a limit: libzmq's own thread would wait for us at it, and these events come once a connection.
    monitor_.set(zmq::sockopt::rcvhwm, 0);
    monitor_.connect(monitor_endpoint);
    reopen_due_ = Clock::now() + silence_limit;
    try {
        requests_.connect(options_.address);
    } catch (const zmq::error_t& error) {
        throw std::runtime_error("the bus cannot connect to " + options_.address + ": " + error.what());
    }
}

/// The monitor goes first: libzmq's thread would wait for ever to tell one that has left.
void Link::close_requests() {
    zmq_socket_monitor(requests_.handle(), nullptr, 0);
    monitor_.close();
    requests_.close();
}

void Link::connect_anew() {
    shaken_ = false;
    close_requests();
    open_requests();
}

std::optional<Happening> Link::next(Clock::time_point deadline) {
    while (true) {
        if (auto happened = look()) return happened;
        if (auto happened = do_duties()) return happened;
        const auto until = std::min(deadline, next_duty());
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        std::array<zmq_pollitem_t, 4> items{
            {{requests_.handle(), 0, ZMQ_POLLIN, 0},
             {monitor_.handle(), 0, ZMQ_POLLIN, 0},
             {hints_ ? hints_.handle() : requests_.handle(), 0, ZMQ_POLLIN, 0},
             {nullptr, doorbell_, ZMQ_POLLIN, 0}}};
        const int count = doorbell_ < 0 ? 3 : 4;
        const int ready = zmq_poll(items.data(), count, std::max<long>(0, wait.count()));
        if (ready < 0 && zmq_errno() != EINTR) throw zmq::error_t();
        if (ready > 0 && items[3].revents != 0) return Rung{};
        if (ready <= 0 && Clock::now() >= deadline) return std::nullopt;
    }
}

void Link::send(RequestId id, const RequestBody& request) {
    if (!shaken_) return;
    if (bus::send(requests_, {}, encode(id, request)) == Sent::yes) spoke_ = Clock::now();
}

/// Answers before hints: what was asked for may make a hint old.
std::optional<Happening> Link::look() {
    if (auto happened = on_monitor()) return happened;
    if (auto happened = on_answer()) return happened;
    return on_hint();
}

std::optional<Happening> Link::on_monitor() {
    Incoming message;
    while (receive(monitor_, message, monitor_frames)) {
        if (message.frames.empty() || message.frames[0].size() < sizeof(std::uint16_t)) continue;
        std::uint16_t event = 0;
        std::memcpy(&event, message.frames[0].data(), sizeof event);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            shaken_ = true;
            say_hello();
        } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
            reopen_due_ = Clock::now() + reconnect_most;
            return Refused{{"key_refused", "The controller does not know this key, or no longer."}};
        } else if ((event & handshake_failed) != 0) {
            reopen_due_ = Clock::now() + reconnect_most;
            return Refused{{"handshake_failed", "What answers at this address does not speak the bus."}};
        } else if (event == ZMQ_EVENT_DISCONNECTED && shaken_) {
            shaken_ = false;
            reopen_due_ = Clock::now() + silence_limit;
            if (auto happened = lose()) return happened;
        }
    }
    return std::nullopt;
}

std::optional<Happening> Link::lose() {
    if (!std::exchange(welcomed_, false)) return std::nullopt;
    return Disconnected{};
}

void Link::say_hello() {
    hello_id_ = fresh_id();
    send(hello_id_, Hello{protocol_version, options_.software, options_.services});
    hello_due_ = Clock::now() + heartbeat_interval;
}

std::optional<Happening> Link::on_answer() {
    Incoming message;
    while (receive(requests_, message, answer_frames)) {
        heard_ = Clock::now();
        if (message.too_many) return Refused{{"malformed", "The answer has too many frames."}};
        if (auto happened = judge(decode_answer(message.frames))) return happened;
    }
    return std::nullopt;
}

std::optional<Happening> Link::judge(Result<Answer> answer) {
    if (!answer) return Refused{answer.error()};
    if (const auto* pulse = std::get_if<Pulse>(&answer->body)) return Hint{pulse->head.sequence};
    if (const auto* error = std::get_if<Error>(&answer->body)) {
        if (answer->id == hello_id_ || answer->id == RequestId{}) {
            hello_due_ = Clock::now() + ask_interval;
            return Refused{{error->code, error->detail}};
        }
        if (error->code == "hello_first") {
            auto happened = lose();
            say_hello();
            return happened;
        }
    }
    if (const auto* welcome = std::get_if<Welcome>(&answer->body)) {
        if (answer->id != hello_id_ || welcomed_) return std::nullopt;
        welcomed_ = true;
        follow_hints(welcome->hint_port);
        return Connected{*welcome};
    }
    if (!welcomed_) return std::nullopt;
    return std::move(*answer);
}

/// Anew at each welcome: the port may be another, and a socket that was once refused stays so.
void Link::follow_hints(std::uint16_t port) {
    hints_ = zmq::socket_t(context_, zmq::socket_type::sub);
    secure_client(hints_, options_.keys, options_.server_public_key);
    hints_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(header_limit));
    hints_.set(zmq::sockopt::rcvhwm, hint_queue);
    hints_.set(zmq::sockopt::subscribe, "");
    hints_.connect(with_port(options_.address, port));
}

/// Only the newest hint matters.
std::optional<Happening> Link::on_hint() {
    std::optional<Happening> newest;
    Incoming message;
    while (hints_ && receive(hints_, message, 1)) {
        if (message.frames.empty()) continue;
        if (const auto hint = decode_hint(message.frames[0])) newest = *hint;
    }
    return newest;
}

Link::Clock::time_point Link::next_duty() const {
    if (!shaken_) return reopen_due_;
    if (!welcomed_) return hello_due_;
    return std::min(spoke_ + heartbeat_interval, heard_ + silence_limit);
}

std::optional<Happening> Link::do_duties() {
    const auto now = Clock::now();
    if (now < next_duty()) return std::nullopt;
    if (!shaken_) {
        connect_anew();
        return std::nullopt;
    }
    if (!welcomed_) {
        say_hello();
        return std::nullopt;
    }
    if (now >= heard_ + silence_limit) {
        connect_anew();
        return lose();
    }
    spoke_ = now;
    send(fresh_id(), Heartbeat{});
    return std::nullopt;
}

}  // namespace pic::bus
