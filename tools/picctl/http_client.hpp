// One HTTP/1.1 connection to the daemon, kept alive between requests, and the websocket that follows the log.
// Beast does the protocol over a Transport; it stays in the .cpp, which is the only file of picctl that pays
// for it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pic::cli {

/// Where the daemon is: a unix socket, or an http(s) URL.
struct Endpoint {
    std::string socket_path = {};  ///< empty: use the rest
    std::string host = {}, port = {};
    bool tls = false;
    std::string ca_file = {};  ///< PEM, what to trust instead of the system's; may be empty

    /// "http://host:port", what Host and Origin are made of.
    [[nodiscard]] std::string origin() const;
};

/// http://host[:port] or https://host[:port], without a path. Throws Failure (usage).
Endpoint parse_url(const std::string& url);

using Headers = std::map<std::string, std::string, std::less<>>;

struct Request {
    std::string method = "GET";
    std::string target;  ///< with the query, percent-encoded
    Headers headers = {};
    std::string body = {};
    std::string body_file = {};  ///< its bytes are the body instead, never all in memory at once
};

struct Response {
    int status = 0;
    Headers headers;  ///< names in lower case; of a repeated one the last
    std::string body;
};

/// Takes the body of a successful answer piece by piece: the piece, the bytes so far, the total (0: not
/// known).
using BodySink = std::function<void(std::string_view piece, std::uint64_t done, std::uint64_t total)>;

class HttpClient {
  public:
    explicit HttpClient(Endpoint endpoint);
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;

    /// Throws Failure (unreachable). With a sink, the body of a 2xx goes there and not into the answer.
    /// `timeout_seconds` is how long the daemon may stay silent.
    Response send(const Request& request, int timeout_seconds = 60, const BodySink& sink = {});

    /// Opens a websocket and calls `message` with each text message until it returns false or the server
    /// closes. Returns the close code (RFC 6455; 1006 when the connection just broke). Throws Failure as
    /// send(), or with the status of an answer that is no upgrade.
    int follow(const Request& request, const std::function<bool(std::string_view)>& message);

  private:
    struct Connection;
    Endpoint endpoint_;
    std::unique_ptr<Connection> connection_;
};

/// RFC 3986 percent-encoding of everything but unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace pic::cli
