#include "tools/picctl/http_client.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "tools/picctl/failure.hpp"
#include "tools/picctl/transport.hpp"

namespace pic::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

constexpr std::size_t answer_limit = 256U << 20U;  ///< what is kept in memory; a sink has no limit
constexpr std::size_t piece_size = 64U << 10U;
constexpr std::size_t message_limit = 4U << 20U;  ///< of one websocket message
constexpr int websocket_idle_seconds = 300;
/// Whoever answers questions for longer finds a new connection, not one that the daemon has closed meanwhile.
constexpr std::chrono::seconds reuse_within{3};

/// A Transport as Beast wants to see a synchronous stream.
class BeastStream {
  public:
    using executor_type = asio::io_context::executor_type;

    explicit BeastStream(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

    executor_type get_executor() { return context_->get_executor(); }
    Transport& transport() { return *transport_; }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, error_code& error) {
        const auto piece = first_of<asio::mutable_buffer>(buffers);
        std::error_code failed;
        const auto count = transport_->read_some(piece.data(), piece.size(), failed);
        error = failed                           ? error_code(failed)
                : count == 0 && piece.size() > 0 ? asio::error::eof
                                                 : error_code();
        return count;
    }

    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, error_code& error) {
        const auto piece = first_of<asio::const_buffer>(buffers);
        std::error_code failed;
        const auto count = transport_->write_some(piece.data(), piece.size(), failed);
        error = failed;
        return count;
    }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        return or_throw([&](error_code& error) { return read_some(buffers, error); });
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        return or_throw([&](error_code& error) { return write_some(buffers, error); });
    }

  private:
    template <class Buffer, class Buffers>
    static Buffer first_of(const Buffers& buffers) {
        for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at)
            if (const Buffer piece = *at; piece.size() > 0) return piece;
        return {};
    }

    template <class Call>
    static std::size_t or_throw(Call call) {
        error_code error;
        const auto count = call(error);
        if (error) throw beast::system_error(error);
        return count;
    }

    std::unique_ptr<asio::io_context> context_ = std::make_unique<asio::io_context>();
    std::unique_ptr<Transport> transport_;
};

/// Found by websocket::stream when the connection ends: closing the socket is the Transport's destructor's.
void teardown(beast::role_type /*role*/, BeastStream& /*stream*/, error_code& error) { error = {}; }

[[noreturn]] void fail(const Endpoint& endpoint, const error_code& error) {
    throw Failure(ExitCode::unreachable,
                  fmt::format("the connection to {} broke: {}",
                              endpoint.socket_path.empty() ? endpoint.origin() : endpoint.socket_path,
                              error.message()));
}

/// The head of a request; every other field is the caller's.
template <class Body>
http::request<Body> head_of(const Request& request, const Endpoint& endpoint) {
    http::request<Body> message;
    message.method_string(request.method);
    message.target(request.target);
    message.version(11);
    message.set(http::field::host, endpoint.origin().substr(endpoint.origin().find("//") + 2));
    message.set(http::field::user_agent, "picctl");
    for (const auto& [name, value] : request.headers) message.set(name, value);
    return message;
}

void write(BeastStream& stream, const Request& request, const Endpoint& endpoint, error_code& error) {
    if (request.body_file.empty()) {
        auto message = head_of<http::string_body>(request, endpoint);
        message.body() = request.body;
        message.prepare_payload();
        http::write(stream, message, error);
        return;
    }
    auto message = head_of<http::file_body>(request, endpoint);
    error_code opening;
    message.body().open(request.body_file.c_str(), beast::file_mode::scan, opening);
    if (opening) throw Failure(ExitCode::usage, fmt::format("{}: {}", request.body_file, opening.message()));
    message.prepare_payload();
    http::write(stream, message, error);
}

template <class Fields>
Headers headers_of(const Fields& fields) {
    Headers headers;
    for (const auto& field : fields) {
        std::string name(field.name_string());
        for (char& letter : name) letter = beast::detail::ascii_tolower(letter);
        headers[name] = std::string(field.value());
    }
    return headers;
}

}  // namespace

struct HttpClient::Connection {
    explicit Connection(std::unique_ptr<Transport> transport) : stream(std::move(transport)) {}

    /// Reads one answer; `keep` tells whether the connection may be used again.
    Response read(const BodySink& sink, error_code& error, bool& keep);

    BeastStream stream;
    beast::flat_buffer buffer;
    std::chrono::steady_clock::time_point last_used;
};

namespace {

using Parser = http::response_parser<http::buffer_body>;

std::unique_ptr<Transport> connect(const Endpoint& endpoint) {
    if (!endpoint.socket_path.empty()) return connect_unix(endpoint.socket_path);
    if (endpoint.tls) return connect_tls(endpoint.host, endpoint.port, endpoint.ca_file);
    return connect_tcp(endpoint.host, endpoint.port);
}

/// Reads the body in pieces to `take`.
template <class Take>
void read_body(BeastStream& stream, beast::flat_buffer& buffer, Parser& parser, error_code& error,
               Take take) {
    std::string piece(piece_size, '\0');
    while (!parser.is_done()) {
        auto& body = parser.get().body();
        body.data = piece.data();
        body.size = piece.size();
        http::read(stream, buffer, parser, error);
        if (error == http::error::need_buffer) error = {};
        if (error) return;
        take(std::string_view(piece.data(), piece.size() - body.size));
    }
}

}  // namespace

Response HttpClient::Connection::read(const BodySink& sink, error_code& error, bool& keep) {
    Parser parser;
    parser.body_limit(boost::none);
    http::read_header(stream, buffer, parser, error);
    if (error) return {};

    Response response;
    response.status = static_cast<int>(parser.get().result_int());
    response.headers = headers_of(parser.get().base());
    const std::uint64_t total = parser.content_length() ? *parser.content_length() : 0;
    const bool to_sink = sink && response.status / 100 == 2;
    std::uint64_t done = 0;
    read_body(stream, buffer, parser, error, [&](std::string_view piece) {
        done += piece.size();
        if (to_sink)
            sink(piece, done, total);
        else if (done > answer_limit)
            throw Failure(ExitCode::unreachable, "the daemon's answer is too large");
        else
            response.body += piece;
    });
    keep = parser.get().keep_alive();
    return response;
}

HttpClient::HttpClient(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Response HttpClient::send(const Request& request, int timeout_seconds, const BodySink& sink) {
    using Clock = std::chrono::steady_clock;
    if (connection_ && Clock::now() - connection_->last_used > reuse_within) connection_.reset();
    if (!connection_) connection_ = std::make_unique<Connection>(connect(endpoint_));
    connection_->stream.transport().set_timeout(std::chrono::seconds(timeout_seconds));

    error_code error;
    write(connection_->stream, request, endpoint_, error);
    bool keep = false;
    // A daemon that refuses a large body may answer and stop reading: its answer tells more than the broken
    // pipe.
    error_code reading;
    auto response = connection_->read(sink, reading, keep);
    if (error) keep = false;
    if (reading) fail(endpoint_, error ? error : reading);
    connection_->last_used = Clock::now();
    if (!keep) connection_.reset();
    return response;
}

int HttpClient::follow(const Request& request, const std::function<bool(std::string_view)>& message) {
    connection_.reset();  // it would only idle
    websocket::stream<BeastStream> socket(connect(endpoint_));
    socket.read_message_max(message_limit);
    socket.set_option(websocket::stream_base::decorator([&](websocket::request_type& upgrade) {
        for (const auto& [name, value] : request.headers) upgrade.set(name, value);
    }));

    websocket::response_type answer;
    error_code error;
    const auto host = endpoint_.origin().substr(endpoint_.origin().find("//") + 2);
    socket.handshake(answer, host, request.target, error);
    if (error == websocket::error::upgrade_declined)
        throw Failure(exit_code_for(static_cast<int>(answer.result_int())),
                      fmt::format("the daemon does not let us follow: {} {}", answer.result_int(),
                                  std::string(answer.reason())));
    if (error) fail(endpoint_, error);

    socket.next_layer().transport().set_timeout(std::chrono::seconds(websocket_idle_seconds));
    beast::flat_buffer buffer;
    for (;;) {
        socket.read(buffer, error);
        if (error == websocket::error::closed) return socket.reason().code;
        if (error) return websocket::close_code::abnormal;
        const auto data = buffer.cdata();
        if (!message({static_cast<const char*>(data.data()), data.size()})) break;
        buffer.clear();
    }
    socket.close(websocket::close_code::normal, error);
    return websocket::close_code::normal;
}

std::string Endpoint::origin() const {
    if (!socket_path.empty()) return "http://localhost";
    const bool literal6 = host.find(':') != std::string::npos;
    const bool usual = port == (tls ? "443" : "80");
    return fmt::format("{}://{}{}", tls ? "https" : "http", literal6 ? "[" + host + "]" : host,
                       usual ? "" : ":" + port);
}

Endpoint parse_url(const std::string& url) {
    const auto bad = [&] {
        return Failure(ExitCode::usage,
                       fmt::format("{}: not of the form http://host:port or https://host", url));
    };
    Endpoint endpoint;
    const auto scheme = url.substr(0, url.find("://"));
    if (scheme.size() == url.size() || (scheme != "http" && scheme != "https")) throw bad();
    endpoint.tls = scheme == "https";

    auto place = url.substr(scheme.size() + 3);
    if (place.ends_with('/')) place.pop_back();
    if (place.empty() || place.find_first_of("/?#@ ") != std::string::npos) throw bad();
    const auto bracket = place.find(']');
    const auto colon = place.find(':', bracket == std::string::npos ? 0 : bracket);
    endpoint.host = place.substr(0, colon);
    if (endpoint.host.starts_with('[') && bracket != std::string::npos)
        endpoint.host = endpoint.host.substr(1, bracket - 1);
    endpoint.port = colon == std::string::npos ? (endpoint.tls ? "443" : "80") : place.substr(colon + 1);
    if (endpoint.host.empty() || endpoint.port.empty() ||
        endpoint.port.find_first_not_of("0123456789") != std::string::npos)
        throw bad();
    return endpoint;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view unreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char letter : text) {
        if (unreserved.find(letter) != std::string_view::npos)
            encoded += letter;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return encoded;
}

}  // namespace pic::cli
