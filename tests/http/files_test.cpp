// What is passed on to the files service, with a double of it that keeps what it was sent: the heads, the
// bodies either way, and what becomes of a service that refuses early, breaks off, or is not there. That the
// real one believes it is webui/e2e/files.test.mjs.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <functional>

#include "controller/http/pass_on.hpp"
#include "http/fixture.hpp"

using namespace pic;
using namespace pic::http::test;

namespace {

const std::string key(64, 'f');
const std::string session = "Cookie: pic_sess_01234567=cookie\r\nX-CSRF-Token: csrf\r\n";

std::shared_ptr<const vault::Secret> door() {
    return std::make_shared<const vault::Secret>(vault::Secret::copy_of(key));
}

/// One end of a connection that was accepted.
class Accepted {
  public:
    explicit Accepted(int descriptor) : descriptor_(descriptor) {}
    ~Accepted() { ::close(descriptor_); }
    Accepted(const Accepted&) = delete;
    Accepted& operator=(const Accepted&) = delete;

    /// Reads until `done` says so, or the other side has closed.
    std::string read(const std::function<bool(const std::string&)>& done) {
        std::string all;
        std::string piece(64 * 1024, '\0');
        while (!done(all)) {
            const auto count = ::recv(descriptor_, piece.data(), piece.size(), 0);
            if (count <= 0) break;
            all.append(piece, 0, static_cast<std::size_t>(count));
        }
        return all;
    }
    std::string read_head() {
        return read([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; });
    }
    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

  private:
    int descriptor_;
};

/// Serves its connections one after the other by `serve`, on a thread of its own.
class FilesDouble {
  public:
    explicit FilesDouble(std::function<void(Accepted&)> serve) : serve_(std::move(serve)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] {
            while (true) {
                const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                if (accepted < 0) return;
                Accepted connection(accepted);
                serve_(connection);
            }
        });
    }
    ~FilesDouble() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    FilesDouble(const FilesDouble&) = delete;
    FilesDouble& operator=(const FilesDouble&) = delete;

    [[nodiscard]] std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

  private:
    std::function<void(Accepted&)> serve_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

ServerFixture::Change with_files(const std::string& address) {
    return [address](http::ServerOptions& options) {
        options.files = address;
        options.files_key = door();
    };
}

std::string dav(std::string_view method, std::string_view path, std::string_view headers = session,
                std::string_view body = {}) {
    std::string length;
    if (!body.empty()) length = fmt::format("Content-Length: {}\r\n", body.size());
    return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}{}\r\n{}", method, path, headers, length,
                       body);
}

}  // namespace

TEST_CASE("where the files service is, is read from host and port") {
    CHECK(http::Upstream::parse("127.0.0.1:5080")->authority() == "127.0.0.1:5080");
    CHECK(http::Upstream::parse("[::1]:80")->authority() == "[::1]:80");
    CHECK(http::Upstream::parse("files.internal:8080")->host == "files.internal");
    for (const std::string_view bad : {"", "files", ":80", "files:", "files:x", "files:123456"})
        CHECK_FALSE(http::Upstream::parse(bad));
}

TEST_CASE("the files service is told who asks, and nothing else of the request that it need not know") {
    std::string head;
    FilesDouble files([&](Accepted& connection) {
        head = connection.read_head();
        connection.send(
            "HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n"
            "Set-Cookie: stolen=1\r\nWWW-Authenticate: Basic\r\nServer: Apache\r\nConnection: "
            "close\r\n\r\n5\r\n<all>\r\n2\r\n/>\r\n0\r\n\r\n");
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    Wire wire(fixture.server->port());
    wire.send(
        dav("PROPFIND", "/dav/alice/a%20b/",
            session + "Depth: 1\r\nX-Pic-Member: bob\r\nX-Pic-Door: mine\r\nForwarded: for=1.1.1.1\r\n"));
    const auto reply = wire.receive();
    CHECK(reply.status == 207);
    CHECK(reply.headers.at("x-pic-files") == "1");
    CHECK(reply.headers.at("content-type") == "application/xml");
    CHECK(reply.headers.at("content-disposition") == "attachment");
    CHECK(reply.headers.at("x-content-type-options") == "nosniff");
    CHECK(reply.headers.at("cross-origin-resource-policy") == "same-origin");
    CHECK(reply.headers.at("content-security-policy") == "sandbox; default-src 'none'");
    CHECK(reply.headers.at("transfer-encoding") == "chunked");
    for (const auto* gone : {"set-cookie", "www-authenticate", "server", "connection"})
        CHECK(reply.headers.count(gone) == 0);
    CHECK(wire.receive_exactly(22) == "5\r\n<all>\r\n2\r\n/>\r\n0\r\n\r\n");
    CHECK(head == fmt::format("PROPFIND /alice/a%20b/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n"
                              "X-Pic-Member: alice\r\nX-Pic-Door: {}\r\nDepth: 1\r\n\r\n",
                              files.address(), key));
    // The connection goes on.
    wire.send(get("/healthz"));
    CHECK(wire.receive().status == 200);
}

TEST_CASE("a Destination is rewritten to the files service, and cannot lead out of it") {
    std::string head;
    FilesDouble files([&](Accepted& connection) {
        head = connection.read_head();
        connection.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    const auto move = [&](const std::string& to) {
        return ask(fixture, dav("MOVE", "/dav/alice/x", session + "Destination: " + to + "\r\n"));
    };
    for (const auto* to : {"/dav/alice/y%20z", "https://cell.example/dav/alice/y%20z"}) {
        CHECK(move(to).status == 201);
        CHECK(head.find(fmt::format("\r\nDestination: http://{}/alice/y%20z\r\n", files.address())) !=
              std::string::npos);
    }
    for (const auto* to : {"/alice/y", "http://cell.example", "/dav/alice/../bob/y", "/dav/alice/%2e%2e/y",
                           "/dav/alice/..%2fy", "/dav//y", "/dav/alice/%00", "/dav/alice/%0d%0aX: y"})
        CHECK(move(to).code() == "malformed_request");
}

TEST_CASE("whoever is no person, another page, or asks for more than files, is not passed on") {
    std::atomic<int> seen = 0;
    FilesDouble files([&](Accepted& connection) {
        ++seen;
        connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    const std::string cookie = "Cookie: pic_sess_01234567=cookie\r\n";
    const auto code = [&](const std::string& request) { return ask(fixture, request).code(); };
    CHECK(code(dav("GET", "/dav/alice/x", "")) == "unauthenticated");
    CHECK(code(dav("GET", "/dav/alice/x", "Authorization: Bearer all\r\n")) == "forbidden");
    CHECK(code(dav("PROPFIND", "/dav/alice/", cookie)) == "csrf_refused");
    CHECK(code(dav("DELETE", "/dav/alice/x", cookie)) == "csrf_refused");
    CHECK(code(dav("GET", "/dav/alice/x", cookie + "Origin: https://evil.example\r\n")) == "origin_refused");
    for (const auto* method : {"POST", "PATCH", "COPY", "LOCK", "PROPPATCH", "OPTIONS", "TRACE"})
        CHECK(code(dav(method, "/dav/alice/x")) == "method_not_allowed");
    for (const auto* path : {"/dav/../x", "/dav/alice/%2E%2e/x", "/dav/alice//x", "/dav/./x", "/dav/a%2Fb",
                             "/dav/%zz", "/dav/%ff"})
        CHECK(code(dav("GET", path)) == "malformed_request");
    CHECK(code("PUT /dav/alice/x HTTP/1.1\r\nHost: localhost\r\n" + session +
               "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == "too_large");
    CHECK(seen == 0);
    CHECK(ask(fixture, dav("GET", "/dav/alice/x", cookie)).status == 204);
    CHECK(seen == 1);
}

TEST_CASE("the files service's 401 is no sign-in of ours") {
    FilesDouble files([](Accepted& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    CHECK(ask(fixture, dav("GET", "/dav/bob/x")).status == 403);
}

TEST_CASE("bodies pass both ways, and the answer to HEAD has none") {
    const std::string body(3'000'000, 'b');
    std::string came;
    FilesDouble files([&](Accepted& connection) {
        came = connection.read([&](const std::string& all) {
            const auto end = all.find("\r\n\r\n");
            if (end == std::string::npos) return false;
            return all.starts_with("PUT") ? all.size() == end + 4 + body.size() : true;
        });
        const auto head =
            fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"1\"\r\n\r\n", body.size());
        connection.send(came.starts_with("HEAD") ? head : head + body);
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    Wire wire(fixture.server->port());
    wire.send(dav("PUT", "/dav/alice/x", session, body));
    CHECK(wire.receive().body == body);
    CHECK(came.ends_with("\r\n\r\n" + body));
    wire.send(dav("HEAD", "/dav/alice/x"));
    const auto head = wire.receive(true);
    CHECK(head.headers.at("content-length") == std::to_string(body.size()));
    CHECK(head.headers.at("etag") == "\"1\"");
    wire.send(get("/healthz"));
    CHECK(wire.receive().status == 200);
}

TEST_CASE("what is refused while it is still coming is refused at once") {
    FilesDouble files([](Accepted& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
        connection.read([](const std::string&) { return false; });  // takes the rest, and says no more
    });
    ServerFixture fixture(ServerFixture::quick_limits(), {}, with_files(files.address()));
    Wire wire(fixture.server->port());
    wire.send(fmt::format(
        "PUT /dav/alice/x HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: 1000000000\r\n\r\n", session));
    while (wire.try_send(std::string(64 * 1024, 'x'))) {
        pollfd answered{wire.descriptor(), POLLIN, 0};
        if (::poll(&answered, 1, 0) > 0) break;
    }
    const auto reply = wire.receive();
    CHECK(reply.status == 507);
    CHECK(reply.headers.at("connection") == "close");
}

TEST_CASE("a files service that is away, silent or breaks off is said to be") {
    enum class Mood { closes, silent, half };
    Mood mood = Mood::closes;
    FilesDouble files([&](Accepted& connection) {
        connection.read_head();
        if (mood == Mood::silent) connection.read([](const std::string&) { return false; });
        if (mood == Mood::half) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    auto limits = ServerFixture::quick_limits();
    limits.files_answer = std::chrono::milliseconds(200);
    {
        ServerFixture fixture(limits, {}, with_files(files.address()));
        CHECK(ask(fixture, dav("GET", "/dav/alice/x")).code() == "files_unreachable");
        mood = Mood::silent;
        CHECK(ask(fixture, dav("GET", "/dav/alice/x")).code() == "files_unreachable");
        mood = Mood::half;
        Wire wire(fixture.server->port());
        wire.send(dav("GET", "/dav/alice/x"));
        const auto all = wire.receive_rest();  // and is closed, so that the half of it is seen to be one
        CHECK(all.starts_with("HTTP/1.1 200"));
        CHECK(all.ends_with("\r\n\r\nhalf"));
    }
    ServerFixture away(limits, {}, with_files("127.0.0.1:1"));
    CHECK(ask(away, dav("GET", "/dav/alice/x")).code() == "files_unreachable");
    ServerFixture without;
    CHECK(ask(without, dav("DELETE", "/dav/alice/x")).code() == "not_found");
}
