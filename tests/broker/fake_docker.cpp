#include "broker/fake_docker.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace pic::test {

FakeDocker::FakeDocker(std::filesystem::path socket, Handler handler)
    : socket_(std::move(socket)), handler_(std::move(handler)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    thread_ = std::thread([this] { serve(); });
}

FakeDocker::~FakeDocker() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    ::unlink(socket_.c_str());
}

std::vector<std::string> FakeDocker::seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
}

void FakeDocker::serve() {
    while (!stopping_) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) continue;
        std::string head;
        char piece[4096];
        while (head.find("\r\n\r\n") == std::string::npos) {
            const auto count = ::recv(connection, piece, sizeof piece, 0);
            if (count <= 0) break;
            head.append(piece, static_cast<std::size_t>(count));
        }
        const auto line = head.substr(0, head.find("\r\n"));
        {
            const std::scoped_lock lock(mutex_);
            seen_.push_back(line);
        }
        const auto reply = handler_(line);
        const auto text = "HTTP/1.0 " + std::to_string(reply.status) +
                          " Said\r\nContent-Type: application/json\r\n\r\n" + reply.body;
        (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        ::close(connection);
    }
}

}  // namespace pic::test
