#include "tools/picctl/transport.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/picctl/failure.hpp"

namespace pic::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds connect_timeout{10'000};
constexpr milliseconds default_timeout{60'000};

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

std::error_code last_error() { return {errno, std::system_category()}; }

/// Waits until `fd` is ready for `events`; false with `error` set when it is not in time.
bool wait_for(int fd, short events, milliseconds timeout, std::error_code& error) {
    pollfd ready{.fd = fd, .events = events, .revents = 0};
    int count = 0;
    do count = poll(&ready, 1, static_cast<int>(timeout.count()));
    while (count < 0 && errno == EINTR);
    if (count > 0) return true;
    error = count == 0 ? std::make_error_code(std::errc::timed_out) : last_error();
    return false;
}

/// Connects a non-blocking socket.
std::error_code connect_within(int fd, const sockaddr* address, socklen_t size) {
    if (connect(fd, address, size) == 0) return {};
    if (errno != EINPROGRESS) return last_error();
    std::error_code error;
    if (!wait_for(fd, POLLOUT, connect_timeout, error)) return error;
    int outcome = 0;
    socklen_t length = sizeof outcome;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &length);
    return {outcome, std::system_category()};
}

class PlainTransport : public Transport {
  public:
    explicit PlainTransport(Descriptor socket) : socket_(std::move(socket)) {}

    std::size_t read_some(void* data, std::size_t size, std::error_code& error) override {
        return transfer(POLLIN, error, [&] { return recv(socket_.get(), data, size, 0); });
    }
    std::size_t write_some(const void* data, std::size_t size, std::error_code& error) override {
        return transfer(POLLOUT, error, [&] { return send(socket_.get(), data, size, MSG_NOSIGNAL); });
    }
    void set_timeout(milliseconds timeout) override { timeout_ = timeout; }

  private:
    template <class Step>
    std::size_t transfer(short events, std::error_code& error, Step step) {
        error.clear();
        for (;;) {
            const ssize_t count = step();
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno == EINTR) continue;
            if (errno != EAGAIN) {
                error = last_error();
                return 0;
            }
            if (!wait_for(socket_.get(), events, timeout_, error)) return 0;
        }
    }

    Descriptor socket_;
    milliseconds timeout_ = default_timeout;
};

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsTransport : public Transport {
  public:
    TlsTransport(Descriptor socket, const std::string& host, const std::string& ca_file)
        : socket_(std::move(socket)), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        // A peer that closes without close_notify ends the stream; HTTP's own framing tells a cut answer from
        // a whole one.
        SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
        if (ca_file.empty())
            SSL_CTX_set_default_verify_paths(context_.get());
        else if (SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) != 1)
            throw Failure(ExitCode::usage, fmt::format("{} holds no certificates", ca_file));
        ssl_.reset(SSL_new(context_.get()));
        SSL_set1_host(ssl_.get(), host.c_str());
        SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
        SSL_set_fd(ssl_.get(), socket_.get());
        std::error_code error;
        step(error, [&] { return SSL_connect(ssl_.get()); });
        if (error) throw Failure(ExitCode::unreachable, fmt::format("no TLS with {}: {}", host, why(error)));
    }

    std::size_t read_some(void* data, std::size_t size, std::error_code& error) override {
        return step(error, [&] { return SSL_read(ssl_.get(), data, bounded(size)); });
    }
    std::size_t write_some(const void* data, std::size_t size, std::error_code& error) override {
        return step(error, [&] { return SSL_write(ssl_.get(), data, bounded(size)); });
    }
    void set_timeout(milliseconds timeout) override { timeout_ = timeout; }

  private:
    static int bounded(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, 1U << 20U)); }

    template <class Call>
    std::size_t step(std::error_code& error, Call call) {
        error.clear();
        for (;;) {
            ERR_clear_error();
            const int count = call();
            if (count > 0) return static_cast<std::size_t>(count);
            switch (SSL_get_error(ssl_.get(), count)) {
                case SSL_ERROR_WANT_READ:
                    if (!wait_for(socket_.get(), POLLIN, timeout_, error)) return 0;
                    break;
                case SSL_ERROR_WANT_WRITE:
                    if (!wait_for(socket_.get(), POLLOUT, timeout_, error)) return 0;
                    break;
                case SSL_ERROR_ZERO_RETURN:
                    return 0;
                default:
                    error = std::make_error_code(std::errc::protocol_error);
                    return 0;
            }
        }
    }

    [[nodiscard]] std::string why(const std::error_code& error) const {
        if (const long verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
            return X509_verify_cert_error_string(verdict);
        const char* reason = ERR_reason_error_string(ERR_peek_error());
        return reason != nullptr ? reason : error.message();
    }

    Descriptor socket_;
    std::unique_ptr<SSL_CTX, FreeContext> context_;
    std::unique_ptr<SSL, FreeSsl> ssl_;
    milliseconds timeout_ = connect_timeout;
};

struct FreeAddresses {
    void operator()(addrinfo* first) const { freeaddrinfo(first); }
};

/// The first of the host's addresses that answers.
Descriptor connected_socket(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0)
        throw Failure(ExitCode::unreachable, fmt::format("{}: {}", host, gai_strerror(code)));
    const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);

    std::error_code error;
    for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
        Descriptor socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (socket.get() < 0) {
            error = last_error();
            continue;
        }
        error = connect_within(socket.get(), at->ai_addr, at->ai_addrlen);
        if (!error) return socket;
    }
    throw Failure(ExitCode::unreachable, fmt::format("{} port {}: {}", host, port, error.message()));
}

}  // namespace

std::unique_ptr<Transport> connect_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Failure(ExitCode::usage, fmt::format("{}: too long for the name of a socket", path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto error =
        connect_within(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (error)
        throw Failure(
            ExitCode::unreachable,
            fmt::format("no daemon answers at {} ({}). Is picd running, and is this its data folder? "
                        "(--data, PIC_DATA; or --url for one on the network)",
                        path, error.message()));
    return std::make_unique<PlainTransport>(std::move(socket));
}

std::unique_ptr<Transport> connect_tcp(const std::string& host, const std::string& port) {
    return std::make_unique<PlainTransport>(connected_socket(host, port));
}

std::unique_ptr<Transport> connect_tls(const std::string& host, const std::string& port,
                                       const std::string& ca_file) {
    auto transport = std::make_unique<TlsTransport>(connected_socket(host, port), host, ca_file);
    transport->set_timeout(default_timeout);
    return transport;
}

}  // namespace pic::cli
