// A connected byte stream with a deadline on every step: a unix socket, TCP, or TLS over TCP, behind one
// small interface. Plain poll() does what a command line needs; Asio's blocking calls know no deadline and
// its asynchronous ones would instantiate HTTP and websocket three times over.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <system_error>

namespace pic::cli {

class Transport {
  public:
    virtual ~Transport() = default;

    /// At least one byte, or 0 at the end of the stream, or `error` (timed_out after the deadline).
    virtual std::size_t read_some(void* data, std::size_t size, std::error_code& error) = 0;
    virtual std::size_t write_some(const void* data, std::size_t size, std::error_code& error) = 0;

    /// How long one read or write may wait. Default 60 s.
    virtual void set_timeout(std::chrono::milliseconds timeout) = 0;
};

/// Each throws Failure (unreachable) with a sentence that names the place.
std::unique_ptr<Transport> connect_unix(const std::string& path);
std::unique_ptr<Transport> connect_tcp(const std::string& host, const std::string& port);
/// TLS 1.2 or newer; the server's certificate must be for `host` and trusted by the system or by `ca_file`
/// (PEM; may be empty).
std::unique_ptr<Transport> connect_tls(const std::string& host, const std::string& port,
                                       const std::string& ca_file);

}  // namespace pic::cli
