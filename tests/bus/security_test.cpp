// Who may speak, and what the badly behaved can do, over real sockets.
#include <arpa/inet.h>
#include <rapidcheck.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "bus/wire.hpp"
#include "bus/zap.hpp"

using namespace pic;
using namespace pic::bus;
using namespace pic::bus::test;

namespace {

const Position nothing;

Fetch fetch_of(std::string service) { return {std::move(service), nothing, std::nullopt, false}; }

/// Says bytes to a port and hangs up.
void say(std::uint16_t port, std::string_view bytes) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    ::close(descriptor);
}

}  // namespace

TEST_CASE("an unlisted key cannot speak, and may once it is listed", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    Taker taker;
    Client client(client_options(cell, keys, {"dns"}), taker);
    REQUIRE(eventually([&] { return taker.refused("", "key_refused"); }));
    CHECK(taker.locked([](Taker& t) { return t.connections; }) == 0);
    CHECK(cell.locked([](Cell& c) { return c.present.empty() && c.fetches == 0; }));
    cell.allow(keys, agent_of("late", {"dns"}));
    REQUIRE(eventually([&] { return taker.locked([](Taker& t) { return t.connections; }) == 1; }));
}

TEST_CASE("an unlisted key hears no hint", "[security]") {
    Cell cell;
    Peer stranger(cell, make_key_pair(), zmq::socket_type::sub);
    CHECK(stranger.event() == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
}

TEST_CASE("a client does not talk to a server that lacks the secret half of its key", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("agent", {"dns"}));
    Peer misled(cell.endpoint, make_key_pair().public_key, keys);
    const auto event = misled.event();
    CHECK(event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    CHECK(event != 0);
}

TEST_CASE("a connection without CURVE is not let in", "[security]") {
    Cell cell;
    zmq::context_t context;
    zmq::socket_t plain(context, zmq::socket_type::dealer);
    plain.set(zmq::sockopt::linger, 0);
    zmq_socket_monitor(plain.handle(), "inproc://monitor", ZMQ_EVENT_ALL);
    zmq::socket_t monitor(context, zmq::socket_type::pair);
    monitor.connect("inproc://monitor");
    plain.connect(cell.endpoint);
    bool succeeded = false;
    REQUIRE(eventually([&] {
        Incoming message;
        if (!receive(monitor, message, 2)) return false;
        std::uint16_t event = 0;
        std::memcpy(&event, message.frames[0].data(), sizeof event);
        succeeded = succeeded || event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        return (event & (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                         ZMQ_EVENT_DISCONNECTED)) != 0;
    }));
    CHECK_FALSE(succeeded);
    zmq_socket_monitor(plain.handle(), nullptr, 0);
}

TEST_CASE("a revoked key is cut off, and its neighbours go on", "[security]") {
    Cell cell;
    const auto bad = make_key_pair();
    const auto good = make_key_pair();
    cell.allow(bad, agent_of("bad", {"dns"}));
    cell.allow(good, agent_of("good", {"wireguard"}));
    Taker bad_taker;
    Taker good_taker;
    Client bad_client(client_options(cell, bad, {"dns"}), bad_taker);
    Client good_client(client_options(cell, good, {"wireguard"}), good_taker);
    Peer listener(cell, bad, zmq::socket_type::sub);
    REQUIRE(listener.event() == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    REQUIRE(eventually([&] { return bad_taker.locked([](Taker& t) { return t.up_to_date > 0; }); }));
    REQUIRE(eventually([&] { return good_taker.locked([](Taker& t) { return t.up_to_date > 0; }); }));

    const auto taken = [&] { return bad_taker.locked([](Taker& t) { return t.taken.size(); }); };
    const auto taken_before = taken();
    cell.listed.erase(bad.public_key);
    cell.server->revoke("bad");
    constexpr std::chrono::seconds promised{1};
    REQUIRE(eventually([&] { return bad_taker.locked([](Taker& t) { return t.losses == 1; }); }, promised));
    REQUIRE(eventually(
        [&] { return cell.locked([](Cell& c) { return std::ranges::count(c.present, "bad") == 0; }); }));
    CHECK(listener.event() == ZMQ_EVENT_DISCONNECTED);
    CHECK(listener.event() == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    REQUIRE(eventually([&] { return bad_taker.refused("", "key_refused"); }));

    cell.append("dns");
    const auto last = cell.append("wireguard");
    REQUIRE(eventually([&] { return good_taker.holds("wireguard", last); }));
    CHECK(taken() == taken_before);
}

TEST_CASE("many revocations one upon another leave the server bound", "[security]") {
    Cell cell;
    const auto good = make_key_pair();
    cell.allow(good, agent_of("good", {"dns"}));
    Taker taker;
    Client client(client_options(cell, good, {"dns"}), taker);
    for (int i = 0; i < 20; ++i) {
        const auto keys = make_key_pair();
        cell.allow(keys, agent_of("bad", {"dns"}));
        cell.server->revoke("bad");
        if (i % 5 != 0) continue;
        const auto last = cell.append("dns");
        REQUIRE(eventually([&] { return taker.holds("dns", last); }));
    }
}

TEST_CASE("an agent speaks for the services of its key and for no other", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("a", {"dns"}));
    Peer peer(cell, keys);
    peer.send(Hello{protocol_version, "test", {"wireguard"}});
    CHECK(peer.error_code() == "not_allowed");
    peer.send(Hello{protocol_version, "test", {"dns"}});
    CHECK(peer.answers<Welcome>());
    peer.send(fetch_of("wireguard"));
    CHECK(peer.error_code() == "not_allowed");
    peer.send(Report{"wireguard", {}, {}, ApplyState::applied, "", "", true, false, {}});
    CHECK(peer.error_code() == "not_allowed");
    peer.send(Status{"wireguard", "{}"});
    CHECK(peer.error_code() == "not_allowed");
    peer.send(FetchEvents{{}, 1});
    CHECK(peer.error_code() == "not_allowed");
    peer.send(FetchSnapshot{});
    CHECK(peer.error_code() == "not_allowed");
    peer.send(fetch_of("dns"));
    CHECK(peer.answers<Bundle>());
    CHECK(cell.locked([](Cell& c) { return c.reports.empty() && c.statuses.empty() && c.pages == 0; }));
}

TEST_CASE("a subscriber reads the log and nothing of a service", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, subscriber_of("s"));
    Peer peer(cell, keys);
    peer.send(Hello{protocol_version, "test", {}});
    CHECK(peer.answers<Welcome>());
    peer.send(fetch_of("dns"));
    CHECK(peer.error_code() == "not_allowed");
    peer.send(FetchEvents{{}, 1});
    CHECK(peer.answers<EventsPage>());
}

TEST_CASE("rights that change count from the next message on", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("a", {"dns", "wireguard"}));
    Peer peer(cell, keys);
    peer.send(Hello{protocol_version, "test", {"dns", "wireguard"}});
    CHECK(peer.answers<Welcome>());
    cell.allow(keys, agent_of("a", {"dns"}));
    peer.send(fetch_of("wireguard"));
    CHECK(peer.error_code() == "not_allowed");
}

TEST_CASE("a peer of another version is told so", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("a", {"dns"}));
    Peer peer(cell, keys);
    peer.send(fetch_of("dns"));
    CHECK(peer.error_code() == "hello_first");
    peer.send(Hello{protocol_version + 1, "test", {"dns"}});
    CHECK(peer.error_code() == "protocol_mismatch");
    peer.send(fetch_of("dns"));
    CHECK(peer.error_code() == "hello_first");
}

TEST_CASE("where the ZAP handler is gone every new connection fails", "[security]") {
    const auto server_keys = make_key_pair();
    const auto keys = make_key_pair();
    AllowList allowed;
    allowed.allow(keys.public_key, agent_of("a", {"dns"}));
    zmq::context_t context;
    std::optional<ZapHandler> handler;
    const bool never_there = GENERATE(true, false);
    if (!never_there) handler.emplace(context, allowed);
    zmq::socket_t router(context, zmq::socket_type::router);
    secure_server(router, server_keys);
    router.bind("tcp://127.0.0.1:*");
    const auto endpoint = router.get(zmq::sockopt::last_endpoint);
    if (!never_there) {
        // A listed key gets in while there is one to ask ...
        Peer early(endpoint, server_keys.public_key, keys);
        REQUIRE(eventually([&] {
            handler->answer();
            return early.event(std::chrono::milliseconds(1)) == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        }));
        handler.reset();
    }
    // ... and not after.
    Peer late(endpoint, server_keys.public_key, keys);
    const auto event = late.event();
    CHECK(event != 0);
    CHECK(event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    late.send(Hello{});
    Incoming message;
    CHECK_FALSE(receive(router, message, 3));
}

TEST_CASE("oversize, short and senseless messages cost their sender alone", "[security]") {
    Cell cell;
    const auto bad = make_key_pair();
    const auto good = make_key_pair();
    cell.allow(bad, agent_of("bad", {"dns"}));
    cell.allow(good, agent_of("good", {"dns"}));
    Taker taker;
    Client client(client_options(cell, good, {"dns"}), taker);
    {
        Peer peer(cell, bad);
        peer.send(Frames{""});
        CHECK(peer.error_code() == "malformed");
        peer.send(Frames{"", ""});
        CHECK(peer.error_code() == "malformed");
        peer.send(Frames{"\x01\x02garbage"});
        CHECK(peer.error_code() == "malformed");
        peer.send(Frames(50, "{}"));
        CHECK(peer.error_code() == "malformed");
        peer.send(Frames{std::string(header_limit + 1, ' ')});
        CHECK(peer.error_code() == "too_large");
        REQUIRE(peer.event() == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
        peer.send(Frames{std::string(request_frame_limit + 1, ' ')});
        CHECK(peer.event() == ZMQ_EVENT_DISCONNECTED);
    }
    CHECK(rc::check([&] {
        static Peer peer(cell, bad);
        Frames frames = encode(RequestId{1}, RequestBody(Hello{protocol_version, "x", {"dns"}}));
        const int count = *rc::gen::inRange(1, 6);
        for (int i = 1; i < count; ++i) frames.push_back(*rc::gen::arbitrary<std::string>());
        if (!frames[0].empty())
            frames[0][*rc::gen::inRange<std::size_t>(0, frames[0].size())] = *rc::gen::arbitrary<char>();
        peer.send(frames);
        RC_ASSERT(!peer.receive().empty());
    }));
    const auto last = cell.append("dns");
    REQUIRE(eventually([&] { return taker.holds("dns", last); }));
}

TEST_CASE("bytes that are not ZMTP at all do not trouble the server", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("a", {"dns"}));
    for (const auto& bytes :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\xff'), std::string(9, '\0')}) {
        say(cell.server->port(), bytes);
        say(cell.server->hint_port(), bytes);
    }
    Taker taker;
    Client client(client_options(cell, keys, {"dns"}), taker);
    REQUIRE(eventually([&] { return taker.locked([](Taker& t) { return t.up_to_date > 0; }); }));
}

TEST_CASE("a subscriber that does not read costs a bounded queue, and catches up by asking", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, subscriber_of("slow"));
    Subscriber slow(subscriber_options(cell, keys));
    cell.append();
    REQUIRE(slow.next(patience)->size() == 1);
    // Far more hints than the queues hold, while nobody reads them.
    for (int i = 0; i < 5000; ++i) cell.append();
    std::size_t seen = 1;
    REQUIRE(eventually([&] {
        if (const auto events = slow.next(std::chrono::milliseconds(100))) seen += events->size();
        return seen == 5001;
    }));
}

TEST_CASE("answers to a peer that does not read are dropped at a limit", "[security]") {
    Cell cell;
    cell.padding.assign(256 * 1024, 'x');
    cell.append("dns");
    const auto keys = make_key_pair();
    const auto good = make_key_pair();
    cell.allow(keys, agent_of("glutton", {"dns"}));
    cell.allow(good, agent_of("good", {"wireguard"}));
    constexpr int takes = 1;
    Peer glutton(cell, keys, zmq::socket_type::dealer, takes);
    glutton.send(Hello{protocol_version, "test", {"dns"}});
    constexpr int asked = 250;
    for (int i = 0; i < asked; ++i) glutton.send(fetch_of("dns"));
    REQUIRE(eventually([&] { return cell.locked([](Cell& c) { return c.fetches; }) == asked; }));
    Taker taker;
    Client client(client_options(cell, good, {"wireguard"}), taker);
    REQUIRE(eventually([&] { return taker.locked([](Taker& t) { return t.up_to_date > 0; }); }));
    int answers = 0;
    while (!glutton.receive(std::chrono::milliseconds(200)).empty()) ++answers;
    CHECK(answers < asked);
}

TEST_CASE("a newcomer to the hints hears the head at once, and then each one", "[security]") {
    Cell cell;
    const auto keys = make_key_pair();
    cell.allow(keys, subscriber_of("s"));
    cell.append();
    REQUIRE(eventually([&] { return cell.locked([](Cell& c) { return c.wakes; }) == 1; }));
    Peer listener(cell, keys, zmq::socket_type::sub);
    CHECK(listener.receive() == Frames{encode(Hint{Sequence{1}})});
    cell.append();
    CHECK(listener.receive() == Frames{encode(Hint{Sequence{2}})});
}

TEST_CASE("a peer that leaves with its queue full does not take the server along", "[security]") {
    Cell cell;
    cell.padding.assign(64 * 1024, 'x');
    cell.append("dns");
    const auto keys = make_key_pair();
    cell.allow(keys, agent_of("hasty", {"dns"}));
    for (int i = 0; i < 3; ++i) {
        Peer hasty(cell, keys);
        hasty.send(Hello{protocol_version, "test", {"dns"}});
        REQUIRE(hasty.answers<Welcome>());
        for (int asked = 0; asked < 4 * request_queue; ++asked) hasty.send(fetch_of("dns"));
    }
    Taker taker;
    Client client(client_options(cell, keys, {"dns"}), taker);
    REQUIRE(eventually([&] { return taker.holds("dns", Sequence{1}); }));
}
