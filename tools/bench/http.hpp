// As much HTTP/1.1 as it takes to load our own server: one keep-alive connection, one request in flight,
// answers with a Content-Length. A client library was rejected: on a machine of few cores, what the client
// burns is taken from the server that is to be measured, and this costs next to nothing (wrk would do, but
// its Lua makes it dearer the more a request has to say).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pic::bench {

struct Target {
    std::uint16_t port = 0;  ///< on 127.0.0.1
    std::string token;       ///< bearer
};

struct Call {
    std::string_view method, path;
    std::string body;
    std::string key;  ///< Idempotency-Key; empty: none
};

/// The request as it goes over the wire.
[[nodiscard]] std::string format_request(const Target& target, const Call& call);

struct Answer {
    int status = 0;
    std::uint64_t sequence = 0;  ///< X-Pic-Seq
    std::string_view body;       ///< valid until the next request
};

class Connection {
  public:
    /// Throws std::system_error.
    explicit Connection(std::uint16_t port);
    ~Connection();
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&&) = delete;

    [[nodiscard]] int descriptor() const { return fd_; }
    void send(std::string_view request);
    /// Takes what has come; true once the answer is whole. Throws std::runtime_error when the server hangs
    /// up.
    bool receive(Answer& answer, bool wait);
    /// send(), and receive() until the answer is whole; throws where it is no success.
    Answer exchange(const Target& target, const Call& call);

  private:
    int fd_;
    std::string in_;
    std::size_t whole_ = 0;  ///< bytes of the answer, head included; 0: the head is not whole yet
    std::size_t head_ = 0;
};

/// Throws std::runtime_error with what the server said, unless it is a success.
void require_success(const Answer& answer);

}  // namespace pic::bench
