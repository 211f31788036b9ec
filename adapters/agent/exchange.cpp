#include "adapters/agent/exchange.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include <fmt/format.h>

namespace pic::agent {

namespace {

constexpr std::chrono::milliseconds one_try{2'000};
constexpr std::chrono::milliseconds between_tries{20};
constexpr std::size_t shown_of_answer = 80;

/// The first line, without what a terminal or a report would stumble over.
std::string beginning(std::string_view answer) {
    std::string text(answer.substr(0, std::min(answer.find('\n'), shown_of_answer)));
    std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '.');
    return text;
}

}  // namespace

Exchange::Exchange(const addrinfo& to, Clock::time_point deadline)
    : socket_(::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), deadline_(deadline) {
    connected_ =
        socket_ && (::connect(socket_.get(), to.ai_addr, to.ai_addrlen) == 0 || errno == EINPROGRESS);
}

bool Exchange::send(std::string_view bytes) {
    return connected_ && wait(POLLOUT) &&
           ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
}

std::string Exchange::receive(std::size_t limit) {
    std::string bytes(limit, '\0');
    const ssize_t n = connected_ && wait(POLLIN) ? ::recv(socket_.get(), bytes.data(), bytes.size(), 0) : -1;
    bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return bytes;
}

bool Exchange::wait(short events) {
    pollfd wanted{socket_.get(), events, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    return left > 0 && ::poll(&wanted, 1, static_cast<int>(left)) == 1;
}

Result<Addresses> numeric_address(const std::string& server, int type) {
    const auto colon = server.rfind(':');
    if (colon == std::string::npos) return reject("bad_server", server + " is no address:port");
    auto host = server.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = type;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), server.c_str() + colon + 1, &hints, &found) != 0) {
        return reject("bad_server", server + " is no address:port");
    }
    return Addresses(found, ::freeaddrinfo);
}

Result<void> expect_answer(const std::string& server, bool datagram, std::string_view say,
                           std::string_view expect, std::chrono::milliseconds limit) {
    const auto to = numeric_address(server, datagram ? SOCK_DGRAM : SOCK_STREAM);
    if (!to) return std::unexpected(to.error());
    const auto deadline = Exchange::Clock::now() + limit;
    std::string last = "no answer";
    while (Exchange::Clock::now() < deadline) {
        Exchange exchange(**to, std::min(deadline, Exchange::Clock::now() + one_try));
        if (exchange.send(say)) {
            std::string answer;
            while (answer.size() < expect.size()) {
                const auto more = exchange.receive(expect.size());
                if (more.empty()) break;
                answer += more;
            }
            if (answer.starts_with(expect)) return {};
            last = answer.empty() ? "no answer" : "it answers " + beginning(answer);
        } else {
            last = "no connection";
        }
        std::this_thread::sleep_for(between_tries);
    }
    return reject("talk", fmt::format("{}: {}", server, last));
}

}  // namespace pic::agent
