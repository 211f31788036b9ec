// Who comes in, and with what.
#include "http/fixture.hpp"

using namespace pic;
using namespace pic::http::test;

namespace {
const std::string no_auth;
const std::string cookie = "Cookie: other=1; pic_sess_01234567=cookie\r\n";
}  // namespace

TEST_CASE("a Host that is not ours is misdirected") {
    ServerFixture fixture;
    const auto with_host = [&](const std::string& host) {
        return ask(fixture, "GET /api/v1/healthz HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
    };
    for (const auto* host : {"localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:80", "[::1]:3000",
                             "CELL.example", "cell.example:8080", "configured.example", "localhost."}) {
        INFO(host);
        CHECK(with_host(host) == 404);
    }
    for (const auto* host : {"evil.example", "sub.cell.example", "xcell.example", "localhost.evil.example",
                             "127.0.0.1.evil", "0x7f.1", "[::1", "localhost:x", "localhost@evil"}) {
        INFO(host);
        CHECK(with_host(host) == 421);
    }
    CHECK(ask(fixture, "GET /healthz HTTP/1.1\r\n\r\n").status == 400);
}

TEST_CASE("an Origin that is present must be ours") {
    ServerFixture fixture;
    const auto with_origin = [&](const std::string& origin) {
        return ask(fixture, get(peers, "Authorization: Bearer all\r\nOrigin: " + origin + "\r\n")).status;
    };
    CHECK(with_origin("http://localhost") == 200);
    CHECK(with_origin("https://LOCALHOST") == 200);
    for (const auto* origin :
         {"null", "http://evil.example", "http://localhost:8080", "localhost", "http://localhost.evil",
          "file://", "http://sub.localhost", "ftp://localhost"}) {
        INFO(origin);
        CHECK(with_origin(origin) == 403);
    }
}

TEST_CASE("without a valid sign-in a call is refused") {
    ServerFixture fixture;
    for (const auto* headers :
         {"", "Authorization: Bearer wrong\r\n", "Authorization: Basic YWxsOmFsbA==\r\n",
          "Authorization: Bearer\r\n", "Cookie: pic_sess_01234567=wrong\r\n",
          "Cookie: pic_sess_ffffffff=cookie\r\n", "X-Forwarded-For: 127.0.0.1\r\n",
          "Cookie: pic_sess_01234567=cookie; pic_sess_01234567=cookie\r\n"}) {
        INFO(headers);
        const auto reply = ask(fixture, get(peers, headers));
        CHECK(reply.status == 401);
        CHECK(reply.code() == "unauthenticated");
        CHECK(reply.headers.at("www-authenticate") == "Bearer");
    }
    // A wrong bearer is not made good by a right cookie.
    CHECK(ask(fixture, get(peers, cookie + "Authorization: Bearer wrong\r\n")).status == 401);
    CHECK(ask(fixture, get(peers, cookie)).status == 200);
}

TEST_CASE("scopes decide, on every call of the document") {
    ServerFixture fixture;
    CHECK(ask(fixture, get(peers, "Authorization: Bearer reader\r\n")).status == 200);
    CHECK(ask(fixture, get("/api/v1/cell", "Authorization: Bearer reader\r\n")).code() == "forbidden");
    CHECK(ask(fixture, post(peers, R"({"name":"x"})", "Authorization: Bearer reader\r\n")).status == 403);
    CHECK(ask(fixture, post(peers, R"({"name":"x"})", "Authorization: Bearer peers\r\n")).status == 201);
    for (const auto& operation : fixture.api.operations()) {
        if (operation.is_public()) continue;
        INFO(operation.id);
        auto path = operation.path;
        for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
            path.replace(open, path.find('}') - open + 1, 1, '1');
        }
        const auto request = std::string(http::to_string(operation.method)) + " " + path +
                             " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        CHECK(ask(fixture, request).status == 401);
    }
}

TEST_CASE("a cookie alone changes nothing: the CSRF token must come with it") {
    ServerFixture fixture;
    const auto add = [&](const std::string& headers) {
        return ask(fixture, post(peers, R"({"name":"x"})", headers));
    };
    CHECK(add(cookie).code() == "csrf_refused");
    CHECK(add(cookie + "X-CSRF-Token: wrong\r\n").code() == "csrf_refused");
    CHECK(add(cookie + "X-CSRF-Token: csrf\r\n").status == 201);
    CHECK(add(cookie + "X-CSRF-Token: csrf\r\nOrigin: http://evil.example\r\n").code() == "origin_refused");
    CHECK(add("Authorization: Bearer all\r\n").status == 201);
    CHECK(fixture.core.calls.size() == 2);
}

TEST_CASE("before the cell is claimed only set-up, health and the start page answer") {
    ServerFixture fixture;
    fixture.gatekeeper.is_claimed = false;
    CHECK(ask(fixture, get("/healthz", no_auth)).status == 200);
    CHECK(ask(fixture, get("/readyz", no_auth)).status == 200);
    CHECK(ask(fixture, get("/api/v1/setup", no_auth)).status == 200);
    CHECK(ask(fixture, get("/", no_auth)).status == 200);
    for (const auto* path :
         {"/api/v1/peers", "/api/v1/openapi.json", "/api/v1/session", "/metrics", "/api/v1/stream"}) {
        INFO(path);
        CHECK(ask(fixture, get(path)).code() == "setup_required");
    }
    CHECK(ask(fixture, post("/api/v1/session", R"({"username":"a","password":"b"})", no_auth)).code() ==
          "setup_required");
}

TEST_CASE("the unix socket's peer is an operator") {
    ServerFixture fixture;
    Wire wire(fixture.folder / "picd.sock");
    wire.send("GET /api/v1/peers HTTP/1.1\r\nHost: anything\r\n\r\n");
    CHECK(wire.receive().status == 200);
    wire.send(post(peers, R"({"name":"x"})", no_auth));
    CHECK(wire.receive().status == 201);
    const std::lock_guard lock(fixture.core.mutex);
    CHECK(fixture.core.calls.at(0).principal->actor == "local:root");
    CHECK(
        (std::filesystem::status(fixture.folder / "picd.sock").permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}
