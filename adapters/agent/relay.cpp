#include "adapters/agent/relay.hpp"

#include <array>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace pic::agent {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

namespace {

constexpr std::size_t datagram_limit = 65535;
constexpr std::size_t copy_buffer = 16 * 1024;

/// Completion token: gives error codes instead of throwing them.
auto quietly(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// Counts one more while it lives.
class Place {
  public:
    explicit Place(std::size_t& taken) : taken_(taken) { ++taken_; }
    ~Place() { --taken_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

  private:
    std::size_t& taken_;
};

/// Two connected sockets, closed when neither has said anything for a while.
struct Pair {
    Pair(tcp::socket a, asio::io_context& context) : near(std::move(a)), far(context), timer(context) {}
    tcp::socket near;
    tcp::socket far;
    asio::steady_timer timer;

    void close() {
        error_code ignored;
        near.close(ignored);
        far.close(ignored);
        timer.cancel();
    }
};

}  // namespace

struct Relay::State {
    std::size_t awaiting = 0;
    std::size_t connections = 0;
    std::chrono::milliseconds patience{};
    asio::io_context context{1};
    udp::endpoint udp_target;
    tcp::endpoint tcp_target;
    std::vector<std::unique_ptr<udp::socket>> datagrams;
    std::vector<std::unique_ptr<tcp::acceptor>> listeners;
    std::thread thread;

    asio::awaitable<void> receive(udp::socket& socket);
    asio::awaitable<void> answer(udp::socket& socket, udp::endpoint client, std::string query);
    asio::awaitable<void> accept(tcp::acceptor& listener);
    asio::awaitable<void> connect(std::shared_ptr<Pair> pair);
    asio::awaitable<void> copy(std::shared_ptr<Pair> pair, tcp::socket& from, tcp::socket& to);
    asio::awaitable<void> watch(std::shared_ptr<Pair> pair);
};

asio::awaitable<void> Relay::State::receive(udp::socket& socket) {
    std::string buffer(datagram_limit, '\0');
    while (true) {
        error_code error;
        udp::endpoint client;
        const auto size = co_await socket.async_receive_from(asio::buffer(buffer), client, quietly(error));
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (error || awaiting >= relay_datagrams) continue;
        asio::co_spawn(context, answer(socket, client, buffer.substr(0, size)), asio::detached);
    }
}

/// A socket of its own for each datagram: its port is what tells the answers apart.
asio::awaitable<void> Relay::State::answer(udp::socket& socket, udp::endpoint client, std::string query) {
    const Place place(awaiting);
    error_code error;
    udp::socket outside(context);
    outside.connect(udp_target, error);
    if (error) co_return;
    co_await outside.async_send(asio::buffer(query), quietly(error));
    asio::steady_timer timer(context, relay_patience);
    timer.async_wait([&](error_code stopped) {
        error_code ignored;
        if (!stopped) outside.close(ignored);
    });
    std::string reply(datagram_limit, '\0');
    const auto size = co_await outside.async_receive(asio::buffer(reply), quietly(error));
    timer.cancel();
    if (error) co_return;
    co_await socket.async_send_to(asio::buffer(reply, size), client, quietly(error));
}

asio::awaitable<void> Relay::State::accept(tcp::acceptor& listener) {
    while (true) {
        error_code error;
        auto socket = co_await listener.async_accept(quietly(error));
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (error) {  // such as no descriptors left: not to be asked again at once
            asio::steady_timer pause(context, std::chrono::milliseconds(100));
            co_await pause.async_wait(quietly(error));
            continue;
        }
        if (connections >= relay_connections) continue;
        asio::co_spawn(context, connect(std::make_shared<Pair>(std::move(socket), context)), asio::detached);
    }
}

asio::awaitable<void> Relay::State::connect(std::shared_ptr<Pair> pair) {
    const Place place(connections);
    error_code error;
    co_await pair->far.async_connect(tcp_target, quietly(error));
    if (error) co_return;
    pair->timer.expires_after(patience);
    asio::co_spawn(context, watch(pair), asio::detached);
    asio::co_spawn(context, copy(pair, pair->far, pair->near), asio::detached);
    co_await copy(pair, pair->near, pair->far);
}

asio::awaitable<void> Relay::State::copy(std::shared_ptr<Pair> pair, tcp::socket& from, tcp::socket& to) {
    std::array<char, copy_buffer> buffer{};
    error_code error;
    while (!error) {
        const auto size = co_await from.async_read_some(asio::buffer(buffer), quietly(error));
        if (error) break;
        pair->timer.expires_after(patience);
        co_await asio::async_write(to, asio::buffer(buffer, size), quietly(error));
    }
    if (error != asio::error::eof) {
        pair->close();
        co_return;
    }
    error_code ignored;  // one side has said all; the other may still answer
    to.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> Relay::State::watch(std::shared_ptr<Pair> pair) {
    while (pair->near.is_open()) {
        error_code error;
        co_await pair->timer.async_wait(quietly(error));
        if (!error || pair->timer.expiry() <= std::chrono::steady_clock::now()) break;
    }
    pair->close();
}

Result<std::unique_ptr<Relay>> Relay::start(std::vector<Fd> datagrams, std::vector<Fd> listeners,
                                            const std::string& to, std::chrono::milliseconds patience) {
    const auto colon = to.rfind(':');
    error_code error;
    auto host = to.substr(0, colon);
    if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
    const auto address = asio::ip::make_address(host, error);
    const int port = colon == std::string::npos ? 0 : std::atoi(to.c_str() + colon + 1);
    if (error || port < 1 || port > 65535) return reject("relay", to + " is no address:port");

    auto state = std::make_unique<State>();
    state->patience = patience;
    state->udp_target = {address, static_cast<std::uint16_t>(port)};
    state->tcp_target = {address, static_cast<std::uint16_t>(port)};
    const auto is_v6 = [](const Fd& fd) {
        sockaddr_storage name{};
        socklen_t size = sizeof name;
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size);
        return name.ss_family == AF_INET6;
    };
    for (auto& fd : datagrams) {
        const auto protocol = is_v6(fd) ? udp::v6() : udp::v4();
        state->datagrams.push_back(std::make_unique<udp::socket>(state->context, protocol, fd.release()));
        asio::co_spawn(state->context, state->receive(*state->datagrams.back()), asio::detached);
    }
    for (auto& fd : listeners) {
        const auto protocol = is_v6(fd) ? tcp::v6() : tcp::v4();
        state->listeners.push_back(std::make_unique<tcp::acceptor>(state->context, protocol, fd.release()));
        asio::co_spawn(state->context, state->accept(*state->listeners.back()), asio::detached);
    }
    return std::unique_ptr<Relay>(new Relay(std::move(state)));
}

Relay::Relay(std::unique_ptr<State> state) : state_(std::move(state)) {
    state_->thread = std::thread([s = state_.get()] { s->context.run(); });
}

Relay::~Relay() {
    state_->context.stop();
    state_->thread.join();
}

}  // namespace pic::agent
