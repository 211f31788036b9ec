// What a request may look like, and what is said to one that does not.
#include "http/fixture.hpp"

#include <nlohmann/json.hpp>

using namespace pic;
using namespace pic::http::test;

namespace {
const std::string id = "0190b0a0-0000-7000-8000-000000000000";
}  // namespace

TEST_CASE("paths and methods") {
    ServerFixture fixture;
    CHECK(ask(fixture, get("/api/v1/nothing")).status == 404);
    CHECK(ask(fixture, get("/api/v1/peers/" + id)).status == 200);
    CHECK(ask(fixture, get("/api/v1/peers/not-an-id")).status == 404);
    CHECK(ask(fixture, get("/api/v1/peers/%zz")).status == 404);
    CHECK(ask(fixture, get("/api/v1/../v1/peers")).status == 404);
    CHECK(ask(fixture, get("/api/v1/artefacts/dns/zones%2Fhome.zone")).status == 200);
    CHECK(ask(fixture, get("/api/v1/artefacts/dns/zones/home.zone")).status == 200);
    const auto wrong = ask(fixture, post(peers, "{}", "Authorization: Bearer all\r\n", "DELETE"));
    CHECK(wrong.status == 405);
    CHECK(wrong.headers.at("allow") == "GET, HEAD, POST, OPTIONS");
    CHECK(ask(fixture, "BREW " + peers + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
    const auto options = ask(fixture, "OPTIONS " + peers + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(options.status == 204);
    CHECK(options.headers.at("allow") == "GET, HEAD, POST, OPTIONS");
    CHECK_FALSE(options.headers.contains("access-control-allow-origin"));
}

TEST_CASE("HEAD answers as GET does, without the body") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    wire.send("HEAD /api/v1/peers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\n\r\n");
    const auto head = wire.receive(true);
    CHECK(head.status == 200);
    CHECK(head.headers.at("content-length") == "12");
    wire.send(get(peers));
    CHECK(wire.receive().body == R"({"items":[]})");
}

TEST_CASE("a query's answer carries its sequence and version") {
    ServerFixture fixture;
    const auto reply = ask(fixture, get(peers));
    CHECK(reply.headers.at("x-pic-seq") == "7");
    CHECK(reply.headers.at("etag") == "\"3\"");
    CHECK(reply.headers.at("content-type") == "application/json");
    CHECK(reply.headers.at("cache-control") == "no-store");
    CHECK(reply.headers.at("x-content-type-options") == "nosniff");
    CHECK(reply.headers.contains("date"));
    CHECK(reply.headers.contains("x-request-id"));
}

TEST_CASE("query parameters are held to the document") {
    ServerFixture fixture;
    CHECK(ask(fixture, get(peers + "?limit=1000&at=5")).status == 200);
    for (const auto* query :
         {"?limit=0", "?limit=1001", "?limit=x", "?limit=", "?nope=1", "?limit=1&limit=2", "?at=-1"}) {
        INFO(query);
        const auto reply = ask(fixture, get(peers + query));
        CHECK(reply.status == 422);
        CHECK(reply.code() == "invalid_field");
    }
    CHECK(ask(fixture, get(peers + "?limit=%f")).status == 400);
    CHECK(nlohmann::json::parse(ask(fixture, get("/api/v1/diff")).body)["errors"][0]["pointer"] == "?from");
}

TEST_CASE("bodies: media type, JSON, schema") {
    ServerFixture fixture;
    const auto raw = [&](const std::string& type, const std::string& body) {
        return ask(fixture, "POST " + peers +
                                " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\n" + type +
                                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    };
    CHECK(raw("Content-Type: application/json\r\n", R"({"name":"laptop"})").status == 201);
    CHECK(raw("Content-Type: application/JSON; charset=utf-8\r\n", R"({"name":"laptop"})").status == 201);
    CHECK(raw("Content-Type: text/plain\r\n", R"({"name":"laptop"})").status == 415);
    CHECK(raw("", R"({"name":"laptop"})").status == 415);
    CHECK(raw("Content-Type: application/json\r\n", "{").code() == "malformed_json");
    CHECK(raw("Content-Type: application/json\r\n", "").code() == "malformed_json");
    CHECK(raw("Content-Type: application/json\r\n", std::string(40, '[')).status == 400);
    for (const auto* bad :
         {R"({"name":"a\nb"})", R"({"name":"a b"})", R"({"name":1})", R"({})", R"({"name":"x","colour":1})",
          R"({"name":"x","public_key":"abc"})", R"({"name":"x","address":"10.0.0.300"})",
          R"({"name":"x","name":"y"})", R"([])", R"({"name":"x","allowed_ips":["10.0.0.1/8"]})"}) {
        INFO(bad);
        const auto reply = raw("Content-Type: application/json\r\n", bad);
        CHECK(reply.status == 422);
        CHECK(reply.headers.at("content-type") == "application/problem+json");
        CHECK(nlohmann::json::parse(reply.body)["errors"].size() >= 1);
    }
    CHECK(ask(fixture, post("/api/v1/peers/" + id, R"({"x":1})", "Authorization: Bearer all\r\n", "DELETE"))
              .status == 422);
    const std::lock_guard lock(fixture.core.mutex);
    CHECK(fixture.core.calls.size() == 2);
}

TEST_CASE("a command carries what the request said") {
    ServerFixture fixture;
    const auto reply =
        ask(fixture, post("/api/v1/peers/" + id + "?dry_run=true", R"( { "enabled" : false } )",
                          "Authorization: Bearer all\r\nIf-Match: \"4\"\r\nIdempotency-Key: k1\r\n"
                          "Prefer: respond-async, wait=5\r\nX-Request-Id: mine-1\r\n",
                          "PATCH"));
    CHECK(reply.status == 200);
    CHECK(reply.headers.at("x-request-id") == "mine-1");
    const std::lock_guard lock(fixture.core.mutex);
    const auto& call = fixture.core.calls.at(0);
    CHECK(call.commands.at(0).type == "ChangePeer");
    CHECK(nlohmann::json::parse(call.commands.at(0).data) == nlohmann::json{{"id", id}, {"enabled", false}});
    CHECK(call.dry_run);
    CHECK(call.if_match->value == 4);
    CHECK(call.idempotency_key == "k1");
    CHECK(call.idempotency_scope == "token:all PATCH /api/v1/peers/" + id);
    CHECK(call.wait == std::chrono::seconds(5));
    CHECK(call.request_id == "mine-1");
}

TEST_CASE("a command's answer says what it did") {
    ServerFixture fixture;
    const auto created = ask(fixture, post(peers, R"({"name":"x"})"));
    CHECK(created.status == 201);
    CHECK(created.headers.at("location") == "/api/v1/peers/" + id);
    CHECK(created.headers.at("etag") == "\"1\"");
    CHECK(created.headers.at("x-pic-seq") == "9");
    CHECK(created.body == R"({"seq":9,"events":[{"seq":9}],"resource":{"id":"x"}})");
    const auto removed =
        ask(fixture, "DELETE /api/v1/peers/" + id +
                         " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\n\r\n");
    CHECK(removed.status == 204);
    CHECK(removed.body.empty());
    CHECK_FALSE(removed.headers.contains("content-length"));
    CHECK(removed.headers.at("x-pic-seq") == "9");
    fixture.core.command_answer = reject("name_taken", "Another peer has this name.");
    const auto refused = ask(fixture, post(peers, R"({"name":"x"})"));
    CHECK(refused.status == 409);
    CHECK(refused.code() == "name_taken");
}

TEST_CASE("headers of a command are read or refused, never ignored") {
    ServerFixture fixture;
    const auto add = [&](const std::string& header) {
        return ask(fixture, post(peers, R"({"name":"x"})", "Authorization: Bearer all\r\n" + header));
    };
    CHECK(add("If-Match: 4\r\n").status == 422);
    CHECK(add("If-Match: \"x\"\r\n").status == 422);
    CHECK(add("Idempotency-Key: " + std::string(65, 'k') + "\r\n").status == 422);
    CHECK(add("Pic-Confirm-Within: 60\r\n").status == 201);
    for (const char* bad : {"", "0", "-1", "1.5", "soon", "86401", "99999999999999999999"})
        CHECK(add(std::string("Pic-Confirm-Within: ") + bad + "\r\n").status == 422);
    CHECK(ask(fixture, post("/api/v1/cells/link", "{}")).status == 501);
    CHECK(add("X-Request-Id: <script>\r\n").headers.at("x-request-id") != "<script>");
}

TEST_CASE("a change-set needs the scope of every command in it") {
    ServerFixture fixture;
    const std::string mixed =
        R"({"commands":[{"type":"AddPeer","data":{"name":"a"}},{"type":"ChangeCell","data":{"name":"b"}}],"note":"n"})";
    CHECK(ask(fixture, post("/api/v1/changes", mixed, "Authorization: Bearer peers\r\n")).status == 403);
    CHECK(ask(fixture, post("/api/v1/changes", mixed)).status == 200);
    const std::lock_guard lock(fixture.core.mutex);
    const auto& call = fixture.core.calls.at(0);
    CHECK(call.is_change_set);
    CHECK(call.note == "n");
    CHECK(call.commands.at(1).data == R"({"name":"b"})");
}

TEST_CASE("the document is served and describes every call that is routed") {
    ServerFixture fixture;
    const auto document = nlohmann::json::parse(ask(fixture, get("/api/v1/openapi.json", "")).body);
    CHECK(document["openapi"] == "3.1.0");
    std::size_t count = 0;
    for (const auto& item : document["paths"]) {
        for (const auto* method : {"get", "put", "post", "patch", "delete"})
            count += item.contains(method) ? 1 : 0;
    }
    CHECK(count == fixture.api.operations().size());
}

TEST_CASE("metrics count answers by operation") {
    ServerFixture fixture;
    CHECK(ask(fixture, get(peers)).status == 200);
    CHECK(ask(fixture, get("/nothing.txt")).status == 404);
    const auto text = fixture.metrics.text();
    CHECK(text.find(R"(pic_http_requests_total{operation="listPeers",status="2xx"} 1)") != std::string::npos);
    CHECK(text.find(R"(pic_http_requests_total{operation="none",status="4xx"} 1)") != std::string::npos);
}

TEST_CASE("a handler without an operation, or an operation without one, stops the start") {
    ServerFixture fixture;
    http::ServerOptions options;
    options.listen = "127.0.0.1:0";
    const auto start = [&](http::Handlers handlers) {
        http::Server(options, fixture.api, std::move(handlers), fixture.gatekeeper, fixture.core,
                     fixture.metrics);
    };
    CHECK_THROWS_WITH(start({}), Catch::Contains("has no handler"));
    http::Handlers handlers;
    for (const auto& operation : fixture.api.operations()) handlers[operation.id] = [](const auto&, auto) {};
    CHECK_NOTHROW(start(handlers));
    handlers["noSuchCall"] = [](const auto&, auto) {};
    CHECK_THROWS_WITH(start(handlers), Catch::Contains("noSuchCall"));
}
