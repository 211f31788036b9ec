#include "bus/server.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "bus/allow_list.hpp"
#include "bus/desk.hpp"
#include "bus/doorbell.hpp"
#include "bus/quiet_thread.hpp"
#include "bus/sockets.hpp"
#include "bus/zap.hpp"

namespace pic::bus {
namespace {

using Clock = std::chrono::steady_clock;

/// How often the silent are looked for.
constexpr std::chrono::milliseconds sweep_interval{1000};
/// Between two tries to bind an address that libzmq's own thread has not let go of yet.
constexpr std::chrono::milliseconds rebind_interval{5};
/// Requests handled before the other sockets get their turn.
constexpr int requests_a_turn = 64;
/// The routing id, the header and one payload frame: no request has more.
constexpr std::size_t request_frames = 3;
/// Bytes of what may arrive at the PUB socket: subscriptions, and CURVE's own handshake, whose frames count
/// as well.
constexpr std::int64_t subscription_limit = 4096;
/// The property that the ZAP handler's answer put on every message of the connection (zmq_msg_gets(3)).
constexpr char user_id_property[] = "User-Id";

/// A server socket and the address it is bound to. Unbinding closes every connection that came through the
/// address.
class BoundSocket {
  public:
    BoundSocket(zmq::context_t& context, zmq::socket_type type, const KeyPair& keys)
        : socket_(context, type) {
        secure_server(socket_, keys);
    }
    void bind(const std::string& endpoint) {
        try {
            socket_.bind(endpoint);
        } catch (const zmq::error_t& error) {
            throw std::runtime_error("the bus cannot bind " + endpoint + ": " + error.what());
        }
        endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
        bound_ = true;
    }
    void unbind() {
        if (bound_) socket_.unbind(endpoint_);
        bound_ = false;
    }
    /// Whether the socket is bound now.
    bool bind_again() {
        if (!bound_) bound_ = zmq_bind(socket_.handle(), endpoint_.c_str()) == 0;
        return bound_;
    }
    [[nodiscard]] zmq::socket_t& socket() { return socket_; }
    [[nodiscard]] std::uint16_t port() const { return port_of(endpoint_); }

  private:
    zmq::socket_t socket_;
    std::string endpoint_;
    bool bound_ = false;
};

BoundSocket open_router(zmq::context_t& context, const ServerOptions& options) {
    BoundSocket router(context, zmq::socket_type::router, options.keys);
    // A peer that is gone or slow is known at once instead of its answer vanishing. No handover: routing ids
    // are ours, and a peer that claims another's is the one to be cut off.
    router.socket().set(zmq::sockopt::router_mandatory, true);
    router.socket().set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(request_frame_limit));
    router.socket().set(zmq::sockopt::sndhwm, answer_queue);
    router.socket().set(zmq::sockopt::rcvhwm, request_queue);
    router.bind(options.endpoint);
    return router;
}

BoundSocket open_hints(zmq::context_t& context, const ServerOptions& options) {
    // XPUB is PUB that also tells of each subscription: the newcomer's first hint is then never missed.
    BoundSocket hints(context, zmq::socket_type::xpub, options.keys);
    hints.socket().set(zmq::sockopt::xpub_verbose, true);
    hints.socket().set(zmq::sockopt::maxmsgsize, subscription_limit);
    hints.socket().set(zmq::sockopt::sndhwm, hint_queue);
    hints.socket().set(zmq::sockopt::rcvhwm, request_queue);
    hints.bind(options.hint_endpoint);
    return hints;
}

}  // namespace

struct Server::Impl {
    Impl(const ServerOptions& options, Backend& backend);

    void run();
    void turn();
    void on_bell();
    void on_requests();
    void on_subscriptions();
    void publish_hint();
    void drop_connections();
    void send_answer(std::string_view routing_id, Frames frames);
    [[nodiscard]] std::chrono::milliseconds patience() const;

    AllowList allowed;
    zmq::context_t context;
    ZapHandler zap;
    BoundSocket router;
    BoundSocket hints;
    Desk desk;
    Doorbell bell;
    std::atomic<std::uint64_t> head;
    std::atomic<bool> notified{false};
    std::atomic<bool> foreseen{false};
    std::atomic<bool> revoked{false};
    std::atomic<bool> stopping{false};
    bool rebinding = false;
    Clock::time_point swept = Clock::now();
    std::thread thread;
};

Server::Impl::Impl(const ServerOptions& options, Backend& backend)
    : zap(context, allowed),
      router(open_router(context, options)),
      hints(open_hints(context, options)),
      desk(backend, allowed, options.head, hints.port()),
      head(options.head.sequence.value) {
    thread = quiet_thread([this] { run(); });
}

void Server::Impl::run() {
    while (!stopping) turn();
}

std::chrono::milliseconds Server::Impl::patience() const {
    if (rebinding) return rebind_interval;
    return desk.anyone_here() ? sweep_interval : std::chrono::milliseconds(-1);
}

void Server::Impl::turn() {
    std::array<zmq_pollitem_t, 4> items{{{nullptr, bell.descriptor(), ZMQ_POLLIN, 0},
                                         {zap.socket().handle(), 0, ZMQ_POLLIN, 0},
                                         {router.socket().handle(), 0, ZMQ_POLLIN, 0},
                                         {hints.socket().handle(), 0, ZMQ_POLLIN, 0}}};
    if (zmq_poll(items.data(), static_cast<int>(items.size()), patience().count()) < 0) {
        if (zmq_errno() == EINTR) return;
        throw zmq::error_t();
    }
    if (items[0].revents != 0) on_bell();
    if (items[1].revents != 0) zap.answer();
    if (items[2].revents != 0) on_requests();
    if (items[3].revents != 0) on_subscriptions();
    if (rebinding) {
        const bool router_stands = router.bind_again();
        rebinding = !hints.bind_again() || !router_stands;
    }
    if (const auto now = Clock::now(); now - swept >= sweep_interval) {
        swept = now;
        desk.sweep(now);
    }
}

void Server::Impl::on_bell() {
    bell.answer();
    if (revoked.exchange(false)) drop_connections();
    if (!notified.exchange(false)) {
        if (foreseen.exchange(false)) desk.foresee();
        return;
    }
    foreseen = false;  // late with what is here already: no time for what is yet to come
    desk.wake(Sequence{head.load()}, [this](std::string_view routing_id, Frames frames) {
        return send(router.socket(), routing_id, std::move(frames)) != Sent::full;
    });
    publish_hint();
}

void Server::Impl::on_requests() {
    Incoming message;
    for (int i = 0; i < requests_a_turn && !notified && receive(router.socket(), message, request_frames);
         ++i) {
        if (message.parts.size() < 2) continue;
        const auto routing_id = message.frames[0];
        const char* key = zmq_msg_gets(message.parts[1].handle(), user_id_property);
        const FrameViews frames(message.frames.begin() + 1, message.frames.end());
        // What was cut for its count of frames is refused for it.
        const auto whole = message.too_many ? FrameViews() : frames;
        auto answer = desk.handle(routing_id, key == nullptr ? "" : key, whole, Clock::now());
        if (answer) send_answer(routing_id, std::move(*answer));
    }
}

/// An answer that finds its peer's queue full is dropped: the peer asks again, and the queue stays bounded.
void Server::Impl::send_answer(std::string_view routing_id, Frames frames) {
    if (send(router.socket(), routing_id, std::move(frames)) == Sent::unreachable) desk.end(routing_id);
}

/// A hint published before the newcomer's subscription was known did not reach it; this one does. Many
/// newcomers, one hint.
void Server::Impl::on_subscriptions() {
    bool newcomer = false;
    Incoming message;
    while (receive(hints.socket(), message, 1)) {
        newcomer = newcomer || (!message.frames.empty() && message.frames[0].starts_with('\1'));
    }
    if (newcomer) publish_hint();
}

void Server::Impl::publish_hint() { send(hints.socket(), {}, {encode(Hint{desk.head().sequence})}); }

/// Libzmq cannot close one connection; closing all is cheap, as every peer comes back by itself and asks.
void Server::Impl::drop_connections() {
    desk.end_revoked();
    router.unbind();
    hints.unbind();
    rebinding = true;
}

Server::Server(const ServerOptions& options, Backend& backend) {
    if (!key_pair_of(options.keys.secret_key))
        throw std::runtime_error("the bus has no valid key of its own");
    impl_ = std::make_unique<Impl>(options, backend);
}

Server::~Server() { stop(); }

void Server::notify(Sequence head) {
    auto seen = impl_->head.load();
    while (seen < head.value && !impl_->head.compare_exchange_weak(seen, head.value)) {
    }
    if (!impl_->notified.exchange(true)) impl_->bell.ring();
}

void Server::foresee() {
    if (!impl_->foreseen.exchange(true)) impl_->bell.ring();
}

Result<void> Server::allow(std::string_view public_key, PeerIdentity identity) {
    if (!is_key(public_key)) return reject("bad_key", "A public key is 40 characters of Z85.");
    impl_->allowed.allow(public_key, std::move(identity));
    return {};
}

void Server::revoke(std::string_view id) {
    if (!impl_->allowed.revoke(id)) return;
    impl_->revoked = true;
    impl_->bell.ring();
}

std::uint16_t Server::port() const { return impl_->router.port(); }
std::uint16_t Server::hint_port() const { return impl_->hints.port(); }

void Server::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    impl_->bell.ring();
    impl_->thread.join();
}

}  // namespace pic::bus
