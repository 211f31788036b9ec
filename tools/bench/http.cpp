#include "tools/bench/http.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pic::bench {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::string_view end_of_head = "\r\n\r\n";

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// The number behind "<name>: " in a head; 0 where there is none.
std::uint64_t number_after(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    std::uint64_t value = 0;
    if (at != std::string_view::npos)
        std::from_chars(head.data() + at + name.size(), head.data() + head.size(), value);
    return value;
}

}  // namespace

std::string format_request(const Target& target, const Call& call) {
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n", call.method,
                   call.path, target.port, target.token);
    if (!call.key.empty()) fmt::format_to(out, "Idempotency-Key: {}\r\n", call.key);
    if (!call.body.empty())
        fmt::format_to(out, "Content-Type: application/json\r\nContent-Length: {}\r\n", call.body.size());
    return text + "\r\n" + call.body;
}

Connection::Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

Connection::Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Connection::~Connection() {
    if (fd_ >= 0) ::close(fd_);
}

void Connection::send(std::string_view request) {
    in_.clear();
    whole_ = 0;
    while (!request.empty()) {
        const auto sent = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        request.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool Connection::receive(Answer& answer, bool wait) {
    do {
        const auto before = in_.size();
        in_.resize(before + read_size);
        const auto got = ::recv(fd_, in_.data() + before, read_size, wait ? 0 : MSG_DONTWAIT);
        in_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) throw std::runtime_error("the server has closed a connection");
        if (got < 0 && errno != EAGAIN) fail("recv");
        if (whole_ == 0) {
            const auto end = in_.find(end_of_head);
            if (end == std::string::npos) continue;
            head_ = end + end_of_head.size();
            whole_ = head_ + number_after(std::string_view(in_).substr(0, head_), "Content-Length: ");
        }
    } while (wait && (whole_ == 0 || in_.size() < whole_));
    if (whole_ == 0 || in_.size() < whole_) return false;
    const auto head = std::string_view(in_).substr(0, head_);
    answer = {static_cast<int>(number_after(head, "HTTP/1.1 ")), number_after(head, "X-Pic-Seq: "),
              std::string_view(in_).substr(head_)};
    return true;
}

Answer Connection::exchange(const Target& target, const Call& call) {
    send(format_request(target, call));
    Answer answer;
    receive(answer, true);
    require_success(answer);
    return answer;
}

void require_success(const Answer& answer) {
    if (answer.status >= 200 && answer.status < 300) return;
    throw std::runtime_error(fmt::format("the server answered {}: {}", answer.status, answer.body));
}

}  // namespace pic::bench
