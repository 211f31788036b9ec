// What a connection reads and writes: a socket, or TLS (OpenSSL, by Asio) over one. One type for both, chosen
// at run time, so that Beast and the coroutines above are compiled once and know nothing of it. Rejected: a
// template for each (everything twice), and a second thread that turns TLS into plain bytes on a socket pair
// (two more descriptors a connection, and whoever hangs up is found out late).
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <memory>
#include <utility>

#include "controller/http/net.hpp"

namespace pic::http {

using TlsContext = std::shared_ptr<asio::ssl::context>;

class Stream {
  public:
    using executor_type = Executor;

    explicit Stream(Socket socket) : plain_(std::move(socket)) {}
    /// The server's end; async_handshake() comes first. A connection keeps the certificate that it began
    /// with.
    Stream(Socket socket, const TlsContext& context)
        : plain_(socket.get_executor()), tls_(std::make_unique<Tls>(std::move(socket), *context)) {}

    [[nodiscard]] executor_type get_executor() { return plain_.get_executor(); }
    [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
        return plain_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
        return plain_.async_write_some(buffers, std::forward<Token>(token));
    }
    /// What the kernel takes at once; for a plain socket only: half a TLS record cannot be taken back.
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& error) {
        return plain_.write_some(buffers, error);
    }

    template <class Token>
    auto async_handshake(Token&& token) {
        return tls_->async_handshake(asio::ssl::stream_base::server, std::forward<Token>(token));
    }
    /// Tells the other side that this was all (TLS alone): without it, a cut connection looks like an end.
    template <class Token>
    auto async_farewell(Token&& token) {
        return tls_->async_shutdown(std::forward<Token>(token));
    }

    void shutdown(asio::socket_base::shutdown_type what, error_code& error) {
        socket().shutdown(what, error);
    }
    void cancel(error_code& error) { socket().cancel(error); }
    void close(error_code& error) { socket().close(error); }

    /// For Beast, which ends a websocket's connection by these.
    template <class Token>
    friend void async_teardown(boost::beast::role_type role, Stream& stream, Token&& token) {
        if (stream.tls_) {
            stream.tls_->async_shutdown(std::forward<Token>(token));
        } else {
            boost::beast::websocket::async_teardown(role, stream.plain_, std::forward<Token>(token));
        }
    }
    friend void beast_close_socket(Stream& stream) {
        error_code ignored;
        stream.close(ignored);
    }

  private:
    using Tls = asio::ssl::stream<Socket>;

    /// After it was moved from: a socket that is not open.
    [[nodiscard]] Socket& socket() { return tls_ ? tls_->next_layer() : plain_; }

    Socket plain_;
    std::unique_ptr<Tls> tls_;
};

}  // namespace pic::http
