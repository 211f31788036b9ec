#include "controller/broker/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

namespace pic::broker {
namespace {

using nlohmann::json;

constexpr int backlog = 16;
/// Who may connect is decided by who sees the folder: in the stack it is mounted into the controller's
/// container alone.
constexpr mode_t socket_mode = 0666;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int listen_at(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof address.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category(), path.string());
    }
    std::strcpy(address.sun_path, path.c_str());  // NOLINT: measured above
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    ::unlink(path.c_str());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path.c_str());
    if (::chmod(path.c_str(), socket_mode) != 0 || ::listen(fd, backlog) != 0) fail(path.c_str());
    return fd;
}

/// One line, without its newline; empty where none came in time or it was too long.
std::string read_line(int fd) {
    std::string line;
    char piece[request_limit];
    while (line.size() < request_limit) {
        const ssize_t n = ::recv(fd, piece, request_limit - line.size(), 0);
        if (n <= 0) return {};
        line.append(piece, static_cast<std::size_t>(n));
        if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
    return {};
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return;  // whoever asked is gone
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

json refusal(const Rejection& why) { return {{"ok", false}, {"code", why.code}, {"detail", why.detail}}; }

}  // namespace

Server::Server(const std::filesystem::path& socket, Containers containers)
    : containers_(std::move(containers)), path_(socket), listener_(listen_at(socket)) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

Server::~Server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);  // wakes whoever waits in accept()
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
    ::unlink(path_.c_str());
}

void Server::serve() {
    while (!stopping_) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        const timeval limit{patience_seconds, 0};
        ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        answer(connection);
        ::close(connection);
    }
}

void Server::answer(int connection) const {
    json said;
    try {
        const auto request = parse_request(read_line(connection));
        if (auto done = request ? containers_.run(*request) : std::unexpected(request.error()); done) {
            said = *std::move(done);
            said["ok"] = true;
        } else {
            said = refusal(done.error());
        }
    } catch (const json::exception&) {  // a member of another kind than Docker documents
        said = refusal({"docker_refused", "Docker's answer is not what its documentation says"});
    }
    write_all(connection, said.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace pic::broker
