// The websocket of GET /stream.
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <nlohmann/json.hpp>

#include "http/fixture.hpp"

using namespace pic;
using namespace pic::http::test;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using nlohmann::json;

namespace {

class Client {
  public:
    Client(const ServerFixture& fixture, const std::string& target,
           const std::string& header = "Authorization", const std::string& value = "Bearer all") {
        auto& socket = stream_.next_layer();
        socket.connect({asio::ip::address_v4::loopback(), fixture.server->port()});
        stream_.set_option(
            ws::stream_base::decorator([&](ws::request_type& request) { request.set(header, value); }));
        beast::error_code error;
        stream_.handshake(response_, "localhost", target, error);
        status = response_.result_int();
    }

    /// The next message, or the code with which the server closed.
    json next() {
        beast::flat_buffer buffer;
        beast::error_code error;
        stream_.read(buffer, error);
        if (error == ws::error::closed) return static_cast<int>(stream_.reason().code);
        if (error) return error.message();
        return json::parse(beast::buffers_to_string(buffer.data()));
    }

    /// Reads events from `first` on until `last`; true when each came once and in order.
    bool events(std::uint64_t first, std::uint64_t last) {
        for (auto seq = first; seq <= last; ++seq) {
            const auto message = next();
            if (!message.is_object() || message["kind"] != "event" || message["event"]["seq"] != seq)
                return false;
        }
        return true;
    }

    ws::stream<asio::ip::tcp::socket>& stream() { return stream_; }
    unsigned status = 0;

  private:
    asio::io_context io_;
    ws::stream<asio::ip::tcp::socket> stream_{io_};
    ws::response_type response_;
};

void append(ServerFixture& fixture, std::uint64_t count) {
    fixture.core.head += count;
    fixture.server->notify(Sequence{fixture.core.head});
}

}  // namespace

TEST_CASE("a stream catches up from where it was, says so, and goes on live") {
    ServerFixture fixture;
    append(fixture, 700);  // more than two pages
    Client client(fixture, "/api/v1/stream?after=100");
    REQUIRE(client.status == 101);
    CHECK(client.events(101, 700));
    CHECK(client.next() == json{{"kind", "caught_up"}, {"seq", 700}, {"epoch", 1}});
    append(fixture, 1);
    CHECK(client.events(701, 701));
    append(fixture, 50);
    CHECK(client.events(702, 751));
}

TEST_CASE("without a position a stream is live only") {
    ServerFixture fixture;
    append(fixture, 10);
    Client warm(fixture, "/api/v1/stream?after=10");  // once this is live the server has seen the head
    CHECK(warm.next() == json{{"kind", "caught_up"}, {"seq", 10}, {"epoch", 1}});
    Client client(fixture, "/api/v1/stream");
    CHECK(client.next() == json{{"kind", "caught_up"}, {"seq", 10}, {"epoch", 1}});
    append(fixture, 1);
    CHECK(client.events(11, 11));
}

TEST_CASE("many streams at different places each miss nothing") {
    ServerFixture fixture;
    append(fixture, 300);
    std::vector<std::unique_ptr<Client>> clients;
    for (std::uint64_t i = 0; i < 20; ++i) {
        clients.push_back(
            std::make_unique<Client>(fixture, "/api/v1/stream?after=" + std::to_string(i * 15)));
        append(fixture, 5);
    }
    const auto head = fixture.core.head.load();
    for (std::uint64_t i = 0; i < 20; ++i) {
        INFO(i);
        auto expected = i * 15 + 1;
        while (expected <= head) {
            const auto message = clients[i]->next();
            if (message["kind"] == "caught_up") continue;
            REQUIRE(message["event"]["seq"] == expected);
            ++expected;
        }
    }
}

TEST_CASE("a reader that is too slow is closed with 1013 and resumes") {
    auto limits = ServerFixture::quick_limits();
    limits.stream_ring = 16;
    limits.stream_page = 8;
    ServerFixture fixture(limits);
    fixture.core.event_filler = std::string(64 * 1024, 'x');
    Client client(fixture, "/api/v1/stream?after=0");
    CHECK(client.next()["kind"] == "caught_up");
    // Another stream reads along, so that the ring fills whatever the slow one does.
    Client quick(fixture, "/api/v1/stream?after=0");
    CHECK(quick.next()["kind"] == "caught_up");
    for (int i = 0; i < 40; ++i) {
        append(fixture, 8);
        CHECK(quick.events(fixture.core.head - 7, fixture.core.head));
    }
    std::uint64_t seen = 0;
    json message;
    while ((message = client.next()).is_object()) seen = message["event"]["seq"];
    CHECK(message == 1013);
    CHECK(seen < fixture.core.head);
    Client again(fixture, "/api/v1/stream?after=" + std::to_string(seen));
    CHECK(again.events(seen + 1, fixture.core.head));
}

TEST_CASE("the latest status of each service is told, once caught up") {
    ServerFixture fixture;
    fixture.server->status("dns", R"({"name":"dns","state":"pending"})");
    fixture.server->status("dns", R"({"name":"dns","state":"applied"})");
    Client client(fixture, "/api/v1/stream?after=0");
    CHECK(client.next()["kind"] == "caught_up");
    CHECK(client.next() == json::parse(R"({"kind":"status","service":{"name":"dns","state":"applied"}})"));
    fixture.server->status("wireguard", R"({"name":"wireguard"})");
    CHECK(client.next()["service"]["name"] == "wireguard");
}

TEST_CASE("a stream is opened by those who may") {
    ServerFixture fixture;
    CHECK(Client(fixture, "/api/v1/stream", "Authorization", "Bearer wrong").status == 401);
    CHECK(Client(fixture, "/api/v1/stream", "Authorization", "Bearer reader").status == 403);
    CHECK(Client(fixture, "/api/v1/stream", "Origin", "http://evil.example").status == 403);
    CHECK(Client(fixture, "/api/v1/stream", "Cookie", "pic_sess_01234567=cookie").status ==
          403);  // no Origin
    CHECK(Client(fixture, "/api/v1/stream?after=x").status == 422);
    CHECK(Client(fixture, "/api/v1/stream?after=1").status == 422);  // beyond the head
    CHECK(ask(fixture, get("/api/v1/stream")).status == 426);
}

TEST_CASE("the end of a session closes its streams within a second") {
    ServerFixture fixture;
    Wire wire(fixture.server->port());
    wire.send(
        "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nCookie: "
        "pic_sess_01234567=cookie\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    REQUIRE(wire.receive().status == 101);
    fixture.gatekeeper.session_alive = false;
    CHECK(wire.receive_rest().find("signed out") != std::string::npos);
}

TEST_CASE("stopping closes streams with 1001") {
    ServerFixture fixture;
    Client client(fixture, "/api/v1/stream?after=0");
    CHECK(client.next()["kind"] == "caught_up");
    fixture.server->stop();
    CHECK(client.next() == 1001);
    fixture.thread.join();
}

TEST_CASE("what a client sends is ignored, and too much of it ends the stream") {
    ServerFixture fixture;
    Client client(fixture, "/api/v1/stream?after=0");
    CHECK(client.next()["kind"] == "caught_up");
    client.stream().write(asio::buffer(std::string("hello")));
    append(fixture, 1);
    CHECK(client.events(1, 1));
    client.stream().write(asio::buffer(std::string(5'000, 'x')));
    CHECK(client.next() == 1009);
}

TEST_CASE("frames that break the protocol end the stream") {
    ServerFixture fixture;
    Client client(fixture, "/api/v1/stream?after=0");
    CHECK(client.next()["kind"] == "caught_up");
    asio::write(client.stream().next_layer(), asio::buffer("\xff\xff\xff\xff", 4));
    CHECK(client.next() == 1002);
    CHECK(ask(fixture, get("/healthz")).status == 200);
}
