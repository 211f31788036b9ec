#include "controller/http/server.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <atomic>
#include <ctime>
#include <random>
#include <stdexcept>
#include <system_error>

#include "controller/http/core.hpp"
#include "controller/http/tls.hpp"
#include "schema/record.hpp"

namespace pic::http {
namespace {

namespace ip = asio::ip;

constexpr int backlog = 1024;
/// Out of file descriptors: how long to wait before trying to accept again.
constexpr std::chrono::milliseconds accept_pause{100};

ip::tcp::endpoint parse_endpoint(const std::string& listen) {
    const auto colon = listen.rfind(':');
    auto host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    error_code error;
    const auto address = ip::make_address(host, error);
    unsigned port = 0;
    try {
        port =
            colon == std::string::npos ? 65536 : static_cast<unsigned>(std::stoul(listen.substr(colon + 1)));
    } catch (const std::exception&) {
        port = 65536;
    }
    if (error || port > 65535)
        throw std::runtime_error(fmt::format("\"{}\" is not address:port, as 127.0.0.1:3000", listen));
    return {address, static_cast<ip::port_type>(port)};
}

/// RFC 9110 5.6.7.
std::string make_date_line() {
    const auto now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    const auto size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    return {text.data(), size};
}

/// Nothing where there is none.
std::optional<Upstream> files_service(const ServerOptions& options) {
    auto found = Upstream::parse(options.files);
    if (!found && !options.files.empty())
        throw std::runtime_error(fmt::format("\"{}\" is not host:port, as 127.0.0.1:5080", options.files));
    if (found) found->key = options.files_key;
    return found;
}

std::string make_id_prefix() {
    std::random_device random;
    return fmt::format("{:08x}-", random());
}

}  // namespace

struct Server::Core {
    using TcpAcceptor = asio::basic_socket_acceptor<ip::tcp, Executor>;
    using UnixAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;

    ServerOptions options;
    Router router;
    Gate gate;
    std::shared_ptr<Mailbox> mailbox;
    StreamHub hub;
    Shared shared;
    std::atomic<std::uint64_t> head = 0;
    std::atomic<bool> head_is_news = false;
    Clock::time_point stop_by;
    // Declared last: destroying the context destroys the coroutines, which use all of the above.
    asio::io_context io{1};
    TcpAcceptor tcp{io}, tls{io};
    UnixAcceptor local{io};
    Timer timer{io};

    Core(ServerOptions given, const Api& api, Handlers handlers, Gatekeeper& gatekeeper, EventPages& pages,
         Metrics& metrics)
        : options(std::move(given)),
          router(api),
          gate(router, gatekeeper, Hosts(options.hosts, gatekeeper), StaticFiles(options.ui),
               !options.files.empty()),
          mailbox(std::make_shared<Mailbox>([this] { asio::post(io, [box = mailbox] { box->drain(); }); })),
          hub(
              pages, [box = mailbox](Mailbox::Work work) { box->post(std::move(work)); },
              options.limits.stream_ring, options.limits.stream_page),
          shared{.options = options,
                 .limits = options.limits,
                 .gate = gate,
                 .gatekeeper = gatekeeper,
                 .metrics = metrics,
                 .hub = hub,
                 .handlers = assign(api, std::move(handlers)),
                 .upstream = files_service(options),
                 .mailbox = mailbox,
                 .peers = {},
                 .date_line = make_date_line(),
                 .id_prefix = make_id_prefix()} {
        if (!options.listen.empty()) listen_tcp(tcp, options.listen);
        if (!options.listen_tls.empty()) listen_tcp(tls, options.listen_tls);
        shared.hsts = options.listen.empty();
        if (!options.unix_socket.empty()) listen_local();
    }

    ~Core() {
        mailbox->close();
        for (auto at = shared.peers.begin(); at != shared.peers.end();) (*at++)->abort();
    }

    /// The document and the program must agree on what there is.
    static std::vector<Handler> assign(const Api& api, Handlers handlers) {
        std::vector<Handler> assigned;
        for (const auto& operation : api.operations()) {
            auto node = handlers.extract(operation.id);
            if (!node && !operation.not_built && !operation.websocket) {
                throw std::runtime_error(fmt::format("the operation {} has no handler", operation.id));
            }
            assigned.push_back(node ? std::move(node.mapped()) : Handler());
        }
        if (!handlers.empty())
            throw std::runtime_error(fmt::format("no operation has the id {}", handlers.begin()->first));
        return assigned;
    }

    static void listen_tcp(TcpAcceptor& acceptor, const std::string& where) {
        const auto endpoint = parse_endpoint(where);
        try {
            acceptor.open(endpoint.protocol());
            acceptor.set_option(asio::socket_base::reuse_address(true));
            acceptor.bind(endpoint);
            acceptor.listen(backlog);
        } catch (const boost::system::system_error& error) {
            throw std::runtime_error(fmt::format("cannot listen on {}: {}", where, error.code().message()));
        }
    }

    void listen_local() {
        const auto& path = options.unix_socket;
        try {
            // A socket left by a daemon that was killed; the lock on the log says that there is no other.
            if (std::filesystem::is_socket(path)) std::filesystem::remove(path);
            local.open();
            local.bind(asio::local::stream_protocol::endpoint(path.string()));
            if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0)
                throw std::system_error(errno, std::system_category());
            local.listen(backlog);
        } catch (const std::system_error& error) {
            throw std::runtime_error(
                fmt::format("cannot listen on {}: {}", path.string(), error.code().message()));
        }
    }

    void start() {
        mailbox->adopt();
        const auto spawn = [this](auto coroutine) {
            asio::co_spawn(io, std::move(coroutine), asio::detached);
        };
        if (tcp.is_open()) spawn(accept_tcp(tcp));
        if (tls.is_open()) spawn(accept_tcp(tls));
        if (local.is_open()) spawn(accept_local());
        spawn(sweep());
    }

    /// True: take it. Otherwise waits where waiting helps.
    template <class Acceptor>
    Awaitable<
        std::optional<typename Acceptor::protocol_type::socket::template rebind_executor<Executor>::other>>
    accept(Acceptor& acceptor) {
        using Accepted = typename Acceptor::protocol_type::socket::template rebind_executor<Executor>::other;
        while (acceptor.is_open()) {
            error_code error;
            Accepted socket(io);
            co_await acceptor.async_accept(socket, into(error));
            if (!error && shared.peers.size() < options.limits.connections) co_return socket;
            if (!error || error == asio::error::connection_aborted) continue;
            if (error == asio::error::operation_aborted) break;
            Timer pause(io, accept_pause);
            co_await pause.async_wait(into(error));
        }
        co_return std::nullopt;
    }

    Awaitable<void> accept_tcp(TcpAcceptor& acceptor) {
        const bool is_tls = &acceptor == &tls;
        while (true) {
            auto socket = co_await accept(acceptor);
            if (!socket) co_return;
            error_code error;
            const auto remote = socket->remote_endpoint(error).address().to_string();
            socket->set_option(ip::tcp::no_delay(true), error);
            socket->non_blocking(true, error);
            if (error || (is_tls && !shared.tls)) continue;
            Socket any(std::move(*socket));
            auto stream = is_tls ? Stream(std::move(any), shared.tls) : Stream(std::move(any));
            start_connection(shared, std::move(stream), remote, false, nullptr);
        }
    }

    Awaitable<void> accept_local() {
        while (true) {
            auto socket = co_await accept(local);
            if (!socket) co_return;
            error_code error;
            auto principal = shared.gatekeeper.by_socket(socket->native_handle());
            socket->non_blocking(true, error);
            if (!error)
                start_connection(shared, Stream(Socket(std::move(*socket))), "local", true,
                                 std::move(principal));
        }
    }

    Awaitable<void> sweep() {
        error_code error;
        while (!shared.stopping || !shared.peers.empty()) {
            timer.expires_after(options.limits.sweep);
            co_await timer.async_wait(into(error));
            const auto now = Clock::now();
            shared.date_line = make_date_line();
            for (auto at = shared.peers.begin(); at != shared.peers.end();) (*at++)->tick(now);
            if (shared.stopping && now >= stop_by) break;
        }
        io.stop();
    }

    void begin_stop() {
        if (std::exchange(shared.stopping, true)) return;
        stop_by = Clock::now() + options.limits.shutdown;
        error_code ignored;
        tcp.close(ignored);
        tls.close(ignored);
        local.close(ignored);
        if (!options.unix_socket.empty()) ::unlink(options.unix_socket.c_str());
        for (auto at = shared.peers.begin(); at != shared.peers.end();) (*at++)->stop();
        timer.cancel();
    }
};

Server::Server(ServerOptions options, const Api& api, Handlers handlers, Gatekeeper& gatekeeper,
               EventPages& pages, Metrics& metrics)
    : core_(
          std::make_unique<Core>(std::move(options), api, std::move(handlers), gatekeeper, pages, metrics)) {}

Server::~Server() = default;

std::uint16_t Server::port() const {
    error_code error;
    return core_->tcp.local_endpoint(error).port();
}

std::uint16_t Server::tls_port() const {
    error_code error;
    return core_->tls.local_endpoint(error).port();
}

Result<void> Server::use_certificate(std::string_view chain, std::string_view key) {
    auto context = make_tls_context(chain, key);
    if (!context) return std::unexpected(std::move(context.error()));
    core_->mailbox->post(
        [core = core_.get(), made = *std::move(context)]() mutable { core->shared.tls = std::move(made); });
    return {};
}

void Server::run() {
    core_->start();
    core_->io.run();
}

void Server::stop() {
    core_->mailbox->post([core = core_.get()] { core->begin_stop(); });
}

void Server::notify(Sequence head) {
    auto& core = *core_;
    core.head.store(head.value);
    if (core.head_is_news.exchange(true)) return;
    core.mailbox->post([&core] {
        core.head_is_news.store(false);
        core.hub.notify(Sequence{core.head.load()});
    });
}

void Server::status(std::string service, std::string json) {
    core_->mailbox->post(
        [core = core_.get(), service = std::move(service), json = std::move(json)]() mutable {
            core->hub.status(std::move(service), "service", json);
        });
}

void Server::live_changed(const std::string& service, const std::string& table) {
    std::string json = "{\"service\":";
    write_json_string(json, service);
    json += ",\"table\":";
    write_json_string(json, table);
    json += '}';
    core_->mailbox->post([core = core_.get(), key = "live/" + service + "/" + table, json = std::move(json)] {
        core->hub.status(key, "live", json);
    });
}

}  // namespace pic::http
