// Bytes on the wire: malformed requests, limits, timeouts, pipelining, large bodies, stopping.
#include <sys/socket.h>
#include <unistd.h>

#include "http/fixture.hpp"

using namespace pic;
using namespace pic::http::test;

namespace {

http::Limits with(auto change) {
    auto limits = ServerFixture::quick_limits();
    change(limits);
    return limits;
}

}  // namespace

TEST_CASE("what is not HTTP is refused and the connection ends") {
    ServerFixture fixture;
    for (const std::string bad :
         {"\r\n\r\nx", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nNo colon\r\n\r\n",
          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
          "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
          "GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "POST /api/v1/peers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: "
          "6\r\n\r\nhello!",
          "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nb\r\n\r\n"}) {
        INFO(bad);
        Wire wire(fixture.server->port());
        wire.send(bad);
        const auto reply = wire.receive();
        CHECK(reply.status == 400);
        CHECK(reply.code() == "malformed_request");
        CHECK(reply.headers.at("connection") == "close");
        CHECK(wire.receive_rest().empty());
    }
}

TEST_CASE("a chunked body with a length beside it cannot smuggle a second request") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    wire.send(
        "POST " + peers +
        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\nContent-Type: application/json\r\n"
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: "
        "localhost\r\n\r\n");
    CHECK(wire.receive().status == 400);
    CHECK(wire.receive_rest().find("HTTP/1.1 200") == std::string::npos);
}

TEST_CASE("a header beyond 8 KiB is refused") {
    ServerFixture fixture;
    CHECK(ask(fixture, get("/healthz", "X-Filler: " + std::string(7000, 'x') + "\r\n")).status == 200);
    Wire wire(fixture.server->port());
    wire.try_send(get("/healthz", "X-Filler: " + std::string(9000, 'x') + "\r\n"));
    CHECK(wire.receive().code() == "header_too_large");
    wire.receive_rest();
}

TEST_CASE("a body beyond 1 MiB is refused, and the client that still sends reads the refusal") {
    ServerFixture fixture;
    const auto limit = fixture.server ? http::Limits{}.body_bytes : 0;
    const auto body_of = [](std::size_t size) {
        return R"({"name":")" + std::string(size - 11, 'x') + "\"}";
    };
    CHECK(ask(fixture, post(peers, body_of(limit))).status == 422);
    CHECK(ask(fixture, post(peers, body_of(limit + 1))).code() == "too_large");
    CHECK(ask(fixture, post(peers, body_of(4 * limit))).code() == "too_large");
    SECTION("chunked") {
        Wire wire(fixture.server->port());
        wire.send(
            "POST " + peers +
            " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
        const auto chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        for (int i = 0; i < 40 && wire.try_send(chunk); ++i) {
        }
        CHECK(wire.receive().code() == "too_large");
    }
}

TEST_CASE("a chunked body is read") {
    ServerFixture fixture;
    CHECK(ask(fixture, "POST " + peers +
                           " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\nContent-Type: "
                           "application/json\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n8\r\ne\":\"x\"} \r\n0\r\n\r\n")
              .status == 201);
}

TEST_CASE("a request may come in pieces") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    for (const char c : post(peers, R"({"name":"x"})")) wire.send(std::string_view(&c, 1));
    CHECK(wire.receive().status == 201);
    wire.send(get(peers));
    CHECK(wire.receive().status == 200);
}

TEST_CASE("pipelined requests are answered in order, slow ones included") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += get("/healthz", "X-Request-Id: a" + std::to_string(i) + "\r\n");
        requests += post(peers, R"({"name":"x"})",
                         "Authorization: Bearer all\r\nX-Request-Id: b" + std::to_string(i) + "\r\n");
    }
    wire.send(requests);
    for (int i = 0; i < 50; ++i) {
        CHECK(wire.receive().headers.at("x-request-id") == "a" + std::to_string(i));
        const auto reply = wire.receive();
        CHECK(reply.status == 201);
        CHECK(reply.headers.at("x-request-id") == "b" + std::to_string(i));
    }
}

TEST_CASE("a refused request with a small body leaves the connection usable, with a large one it ends it") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    wire.send(post(peers, R"({"name":"x"})", ""));
    CHECK(wire.receive().status == 401);
    wire.send(post(peers, R"({"name":"x"})"));
    CHECK(wire.receive().status == 201);
    wire.send(post(peers, std::string(200'000, 'x'), ""));
    const auto reply = wire.receive();
    CHECK(reply.status == 401);
    CHECK(reply.headers.at("connection") == "close");
    CHECK(wire.receive_rest().empty());
}

TEST_CASE("a client that asks first is told to go on, or is refused without sending") {
    ServerFixture fixture;
    const auto head = [](const std::string& auth) {
        return "POST " + peers + " HTTP/1.1\r\nHost: localhost\r\n" + auth +
               "Content-Type: application/json\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n";
    };
    Wire wire(fixture.server->port());
    wire.send(head("Authorization: Bearer all\r\n"));
    CHECK(wire.receive().status == 100);
    wire.send(R"({"name":"x"})");
    CHECK(wire.receive().status == 201);
    wire.send(head(""));
    CHECK(wire.receive().status == 401);
}

TEST_CASE("connections end as HTTP/1.0 and Connection: close have it") {
    ServerFixture fixture;
    {
        Wire wire(fixture.server->port());
        wire.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n");
        CHECK(wire.receive().headers.at("connection") == "close");
        CHECK(wire.receive_rest().empty());
    }
    {
        Wire wire(fixture.server->port());
        wire.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
        CHECK(wire.receive().headers.at("connection") == "keep-alive");
        wire.send(get("/healthz", "Connection: close\r\n"));
        CHECK(wire.receive().headers.at("connection") == "close");
        CHECK(wire.receive_rest().empty());
    }
}

TEST_CASE("an idle connection is closed, a stalled request is told so") {
    ServerFixture fixture(with([](auto& limits) {
        limits.idle = std::chrono::milliseconds(50);
        limits.request = std::chrono::milliseconds(50);
    }));
    {
        Wire wire(fixture.server->port());
        CHECK(wire.receive_rest().empty());
    }
    {
        Wire wire(fixture.server->port());
        wire.send("GET /healthz HTTP/1.1\r\nHo");
        CHECK(wire.receive().code() == "request_timeout");
    }
    {
        Wire wire(fixture.server->port());
        wire.send(
            "POST " + peers +
            " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n{");
        CHECK(wire.receive().code() == "request_timeout");
        CHECK(wire.receive_rest().empty());
    }
}

TEST_CASE("a handler may take longer than the timeouts of reading") {
    ServerFixture fixture(with(
        [](auto& limits) { limits.idle = limits.request = limits.write = std::chrono::milliseconds(30); }));
    fixture.core.hold = true;
    Wire wire(fixture.server->port());
    wire.send(post(peers, R"({"name":"x"})"));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // several timeouts
    fixture.core.release();
    CHECK(wire.receive().status == 201);
}

TEST_CASE("connections beyond the limit are closed at once") {
    ServerFixture fixture(with([](auto& limits) { limits.connections = 2; }));
    Wire first(fixture.server->port()), second(fixture.server->port());
    for (auto* wire : {&first, &second}) {
        wire->send(get("/healthz"));
        CHECK(wire->receive().status == 200);
    }
    Wire third(fixture.server->port());
    CHECK(third.receive_rest().empty());
    first.send(get("/healthz"));
    CHECK(first.receive().status == 200);
}

TEST_CASE("an upload goes to a file that is gone after the answer") {
    ServerFixture fixture;
    const std::string bytes(3 * 1024 * 1024, 'b');
    Wire wire(fixture.server->port());
    wire.send(
        "POST /api/v1/backup/restore HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        "all\r\nPic-Passphrase: correct horse\r\n"
        "Content-Type: application/octet-stream\r\nContent-Length: " +
        std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
    CHECK(wire.receive().body == R"({"size":3145728})");
    wire.send(get("/healthz"));
    CHECK(wire.receive().status == 200);
    for (const auto& entry : std::filesystem::directory_iterator(fixture.folder.path())) {
        CHECK(entry.path().filename().string().find("upload") == std::string::npos);
    }
}

TEST_CASE("stopping finishes what is in flight and takes no more") {
    ServerFixture fixture;
    fixture.core.hold = true;
    Wire idle(fixture.server->port()), busy(fixture.server->port());
    idle.send(get("/healthz"));
    CHECK(idle.receive().status == 200);
    busy.send(post(peers, R"({"name":"x"})"));
    const auto held = [&] {
        const std::lock_guard lock(fixture.core.mutex);
        return !fixture.core.held.empty();
    };
    while (!held()) std::this_thread::yield();
    fixture.server->stop();
    CHECK(idle.receive_rest().empty());
    fixture.core.release();
    const auto reply = busy.receive();
    CHECK(reply.status == 201);
    CHECK(reply.headers.at("connection") == "close");
    fixture.thread.join();
    CHECK_FALSE(std::filesystem::exists(fixture.folder / "picd.sock"));
}

TEST_CASE("stopping does not wait for ever for an answer that does not come") {
    ServerFixture fixture(with([](auto& limits) { limits.shutdown = std::chrono::milliseconds(50); }));
    fixture.core.hold = true;
    Wire busy(fixture.server->port());
    busy.send(post(peers, R"({"name":"x"})"));
    const auto held = [&] {
        const std::lock_guard lock(fixture.core.mutex);
        return !fixture.core.held.empty();
    };
    while (!held()) std::this_thread::yield();
    fixture.stop();
    fixture.server.reset();
    fixture.core.release();  // after the server is gone: dropped
    CHECK(busy.receive_rest().empty());
}

TEST_CASE("the start page and the UI's files") {
    SECTION("without a UI a page says what this is") {
        ServerFixture fixture;
        const auto page = ask(fixture, get("/", ""));
        CHECK(page.status == 200);
        CHECK(page.headers.at("content-type") == "text/html; charset=utf-8");
        CHECK(page.headers.at("content-security-policy").find("default-src 'none'") == 0);
        CHECK(page.body.find("picctl setup") != std::string::npos);
        CHECK(ask(fixture, get("/missing.js", "")).status == 404);
    }
    SECTION("with one its files are served by exact name") {
        const pic::test::TempFolder ui;
        std::filesystem::create_directories(ui / "assets");
        const auto write = [&](const std::string& name, const std::string& text) {
            std::FILE* file = std::fopen((ui / name).c_str(), "w");
            REQUIRE(file != nullptr);
            std::fwrite(text.data(), 1, text.size(), file);
            std::fclose(file);
        };
        write("index.html", "<html>ui</html>");
        write("assets/app-0123abcd.js", "plain");
        write("assets/app-0123abcd.js.gz", "packed");
        ServerFixture fixture(ServerFixture::quick_limits(), ui.path());
        CHECK(ask(fixture, get("/peers/some", "")).body == "<html>ui</html>");
        CHECK(ask(fixture, get("/assets/app-0123abcd.js", "")).body == "plain");
        const auto packed = ask(fixture, get("/assets/app-0123abcd.js", "Accept-Encoding: gzip, br\r\n"));
        CHECK(packed.body == "packed");
        CHECK(packed.headers.at("content-encoding") == "gzip");
        CHECK(packed.headers.at("cache-control").find("immutable") != std::string::npos);
        const auto policy = packed.headers.at("content-security-policy");
        CHECK(policy.starts_with("default-src 'none'"));
        CHECK(policy.find("unsafe") == std::string::npos);
        for (const auto* path : {"/../../etc/passwd.txt", "/assets/../index.html.x", "/%2e%2e/etc/passwd.txt",
                                 "/assets/app-0123abcd.js.gz"}) {
            CHECK(ask(fixture, get(path, "")).status == 404);
        }
    }
}
