#include "cli/fake_daemon.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <sstream>

#include "tools/picctl/command_line.hpp"

namespace pic::test {
namespace {

void send_all(int connection, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const auto count = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += static_cast<std::size_t>(count);
    }
}

/// Reads until `buffer` holds `size` bytes; false at the end of the stream.
bool fill(int connection, int stop, std::string& buffer, std::size_t size) {
    while (buffer.size() < size) {
        pollfd ready[2] = {{connection, POLLIN, 0}, {stop, POLLIN, 0}};
        if (poll(ready, 2, -1) < 0 || ready[1].revents != 0) return false;
        char piece[4096];
        const auto count = recv(connection, piece, sizeof piece, 0);
        if (count <= 0) return false;
        buffer.append(piece, static_cast<std::size_t>(count));
    }
    return true;
}

/// Takes one request off the front of the buffer.
bool read_request(int connection, int stop, std::string& buffer, Seen& seen) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
        if (!fill(connection, stop, buffer, buffer.size() + 1)) return false;
    std::istringstream head(buffer.substr(0, end));
    std::string line;
    head >> seen.method >> seen.target;
    std::getline(head, line);
    while (std::getline(head, line)) {
        if (line.ends_with('\r')) line.pop_back();
        auto name = line.substr(0, line.find(':'));
        for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
        seen.headers[name] = line.substr(std::min(line.size(), line.find(':') + 2));
    }
    const auto length =
        seen.headers.contains("content-length") ? std::stoul(seen.headers["content-length"]) : 0;
    if (!fill(connection, stop, buffer, end + 4 + length)) return false;
    seen.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    return true;
}

std::string websocket_frame(unsigned char opcode, const std::string& payload) {
    std::string frame{static_cast<char>(0x80U | opcode)};
    if (payload.size() < 126) {
        frame += static_cast<char>(payload.size());
    } else {
        frame += static_cast<char>(126);
        frame += static_cast<char>(payload.size() >> 8U);
        frame += static_cast<char>(payload.size() & 0xFFU);
    }
    return frame + payload;
}

/// RFC 6455, 4.2.2.
std::string accept_key(const std::string& key) {
    const auto text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    unsigned char encoded[32];
    const int length = EVP_EncodeBlock(encoded, digest, sizeof digest);
    return {reinterpret_cast<char*>(encoded), static_cast<std::size_t>(length)};
}

void send_websocket(int connection, const Seen& seen, const Reply& reply) {
    send_all(connection,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: " +
                 accept_key(seen.headers.at("sec-websocket-key")) + "\r\n\r\n");
    for (const auto& message : reply.messages) send_all(connection, websocket_frame(1, message));
    const std::string code{static_cast<char>(reply.close_code >> 8),
                           static_cast<char>(reply.close_code & 0xFF)};
    send_all(connection, websocket_frame(8, code));
}

std::string http_answer(const Reply& reply) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Whatever\r\n";
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    if (reply.status != 204) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    return head + "\r\n" + (reply.status == 204 ? "" : reply.body);
}

}  // namespace

FakeDaemon::FakeDaemon(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = (folder_ / "picd.sock").string();
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    REQUIRE(pipe(stop_) == 0);
    thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
    close(listener_);
}

void FakeDaemon::serve() {
    for (;;) {
        pollfd ready[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
        if (poll(ready, 2, -1) < 0 || ready[1].revents != 0) return;
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        talk(connection);
        close(connection);
    }
}

void FakeDaemon::talk(int connection) {
    std::string buffer;
    for (;;) {
        Seen seen;
        if (!read_request(connection, stop_[0], buffer, seen)) return;
        {
            const std::lock_guard lock(mutex_);
            seen_.push_back(seen);
        }
        const auto reply = handler_(seen);
        if (seen.headers.contains("upgrade") && reply.status == 101) {
            send_websocket(connection, seen, reply);
            return;
        }
        send_all(connection, http_answer(reply));
    }
}

std::vector<Seen> FakeDaemon::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

Seen FakeDaemon::last(const std::string& method, const std::string& target) const {
    const auto all = seen();
    for (auto at = all.rbegin(); at != all.rend(); ++at)
        if (at->method == method && at->target.starts_with(target)) return *at;
    FAIL("no request " + method + " " + target);
    return {};
}

Outcome picctl(const std::vector<std::string>& words, const std::string& input,
               const std::vector<std::string>& answers) {
    std::istringstream in(input);
    std::ostringstream out, err;
    auto next = answers.begin();
    cli::Terminal terminal{
        in, out, err, !answers.empty(), false, false, [&](std::string_view) -> std::optional<std::string> {
            return next == answers.end() ? std::nullopt : std::optional(*next++);
        }};
    const int code = cli::run(words, terminal);
    return {code, out.str(), err.str()};
}

Outcome picctl(const FakeDaemon& daemon, std::vector<std::string> words, const std::string& input,
               const std::vector<std::string>& answers) {
    words.insert(words.begin(), {"--data", daemon.folder()});
    return picctl(words, input, answers);
}

}  // namespace pic::test
