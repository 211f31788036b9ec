// What a command sends, and what it says of the answer.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/fake_daemon.hpp"

using namespace pic::test;
using nlohmann::json;

namespace {

const std::string laptop_id = "01912345-6789-7abc-8def-0123456789ab";

const std::string laptop =
    R"({"id":")" + laptop_id + R"(","name":"laptop","address":"10.9.0.2","enabled":true})";

Reply daemon_with_laptop(const Seen& seen) {
    if (seen.method == "GET" && seen.target.starts_with("/api/v1/peers?"))
        return {.body = R"({"items":[)" + laptop + R"(],"next_cursor":null})"};
    if (seen.method == "DELETE") return {.status = 204, .headers = {{"X-Pic-Seq", "9"}}};
    return {.status = seen.method == "POST" ? 201 : 200,
            .body = R"({"seq":7,"events":[{"seq":7,"type":"PeerAdded","stream":"peer-x"}],"resource":)" +
                    laptop + "}"};
}

}  // namespace

TEST_CASE("peer add sends the fields that were given and hints at the next step") {
    const FakeDaemon daemon(daemon_with_laptop);
    const auto outcome = picctl(daemon, {"peer", "add", "laptop", "--keepalive", "25", "--internet", "no",
                                         "--allowed-ips", "10.0.0.0/8,fd00::/8"});
    CHECK(outcome.code == 0);
    CHECK(
        json::parse(daemon.last("POST", "/api/v1/peers").body) ==
        json::parse(
            R"({"name":"laptop","keepalive":25,"internet":false,"allowed_ips":["10.0.0.0/8","fd00::/8"]})"));
    CHECK_THAT(outcome.out, Catch::Contains("Added peer laptop (sequence 7).") &&
                                Catch::Contains("10.9.0.2") && Catch::Contains("picctl peer config laptop"));
}

TEST_CASE("set takes pairs, knows their kinds, and an empty value clears") {
    const FakeDaemon daemon(daemon_with_laptop);
    CHECK(picctl(daemon, {"cell", "set", "domain", "home.example", "lan_range", ""}).code == 0);
    CHECK(json::parse(daemon.last("PATCH", "/api/v1/cell").body) ==
          json::parse(R"({"domain":"home.example","lan_range":null})"));

    CHECK(picctl(daemon, {"wireguard", "set", "listen_port", "51999", "dns", "10.9.0.1,fd00::1"}).code == 0);
    CHECK(json::parse(daemon.last("PATCH", "/api/v1/wireguard").body) ==
          json::parse(R"({"listen_port":51999,"dns":["10.9.0.1","fd00::1"]})"));
}

TEST_CASE("a command line that is wrong is refused before anything is sent") {
    const FakeDaemon daemon(daemon_with_laptop);
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"peer"},
        {"nonsense"},
        {"peer", "add"},
        {"peer", "add", "x", "--internet", "maybe"},
        {"peer", "add", "x", "--keepalive", "soon"},
        {"cell", "set", "domain"},
        {"cell", "set", "colour", "red"},
        {"cell", "show", "--dry-run"},
        {"at", "7", "cell", "set", "domain", "x"},
        {"at", "seven", "cell", "show"},
        {"dns", "record", "add", "x", "HINFO", "y"},
        {"cell", "set", "name", "x", "--wait=soon"},
    };
    for (const auto& words : wrong) {
        const auto outcome = picctl(daemon, words);
        INFO(Catch::StringMaker<std::vector<std::string>>::convert(words) << ": " << outcome.err);
        CHECK(outcome.code == 2);
        CHECK(outcome.out.empty());
        CHECK(outcome.err.starts_with("picctl: "));
    }
    CHECK(daemon.seen().empty());
}

TEST_CASE("an argument may have the name of a verb") {
    const FakeDaemon daemon(daemon_with_laptop);
    for (const std::string name : {"dns", "add", "at", "list", "peer"}) {
        CHECK(picctl(daemon, {"peer", "add", name}).code == 0);
        CHECK(json::parse(daemon.last("POST", "/api/v1/peers").body).at("name") == name);
    }
}

TEST_CASE("a resource is named by name or by id, over as many pages as there are") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.method == "DELETE") return {.status = 204, .headers = {{"X-Pic-Seq", "9"}}};
        if (seen.target.find("cursor=more%2F1") != std::string::npos)
            return {.body = R"({"items":[)" + laptop + R"(],"next_cursor":null})"};
        return {.body = R"({"items":[{"id":"other","name":"phone"}],"next_cursor":"more/1"})"};
    });
    const auto by_name = picctl(daemon, {"peer", "remove", "laptop"});
    CHECK(by_name.code == 0);
    CHECK(by_name.out == "Removed peer laptop (sequence 9).\n");
    CHECK(daemon.last("DELETE", "/").target == "/api/v1/peers/" + laptop_id);

    const auto requests = daemon.seen().size();
    CHECK(picctl(daemon, {"peer", "remove", laptop_id}).code == 0);
    CHECK(daemon.seen().size() == requests + 1);

    const auto missing = picctl(daemon, {"peer", "remove", "tablet"});
    CHECK(missing.code == 6);
    CHECK_THAT(missing.err, Catch::Contains("no peer named 'tablet'"));
}

TEST_CASE("a record's name alone may be too little, and then its type tells") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.method == "DELETE") return {.status = 204, .headers = {{"X-Pic-Seq", "9"}}};
        return {.body = R"({"items":[{"id":"one","name":"www","type":"A","value":"10.9.0.5"},
                           {"id":"two","name":"www","type":"AAAA","value":"fd00::5"}],"next_cursor":null})"};
    });
    const auto ambiguous = picctl(daemon, {"dns", "record", "remove", "www"});
    CHECK(ambiguous.code == 2);
    CHECK_THAT(ambiguous.err, Catch::Contains("www/AAAA"));
    CHECK(picctl(daemon, {"dns", "record", "remove", "www/AAAA"}).code == 0);
    CHECK(daemon.last("DELETE", "/").target == "/api/v1/dns/records/two");
}

TEST_CASE("the words of a record's value are one value") {
    const FakeDaemon daemon(daemon_with_laptop);
    CHECK(picctl(daemon, {"dns", "record", "add", "@", "MX", "10", "mail", "--ttl", "60"}).code == 0);
    CHECK(json::parse(daemon.last("POST", "/api/v1/dns/records").body) ==
          json::parse(R"({"name":"@","type":"MX","value":"10 mail","ttl":60})"));
}

TEST_CASE("upstreams are replaced, and the forward of one domain leaves the others") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.method == "GET")
            return {
                .body =
                    R"({"version":2,"servers":["9.9.9.9"],"forwards":[{"domain":"a.example","servers":["10.0.0.1"]},
                               {"domain":"b.example","servers":["10.0.0.2"]}]})"};
        return {.body = R"({"seq":3,"events":[]})"};
    });
    CHECK_THAT(picctl(daemon, {"dns", "upstreams"}).out, Catch::Contains("a.example     10.0.0.1"));
    CHECK(picctl(daemon, {"dns", "upstreams", "1.1.1.1", "8.8.8.8:53"}).code == 0);
    CHECK(json::parse(daemon.last("PUT", "/").body).at("servers") ==
          json::parse(R"(["1.1.1.1","8.8.8.8:53"])"));
    CHECK(json::parse(daemon.last("PUT", "/").body).at("forwards").size() == 2);
    CHECK_FALSE(json::parse(daemon.last("PUT", "/").body).contains("version"));

    CHECK(picctl(daemon, {"dns", "upstreams", "--forward", "a.example", "10.7.0.1"}).code == 0);
    const auto body = json::parse(daemon.last("PUT", "/").body);
    CHECK(body.at("servers") == json::parse(R"(["9.9.9.9"])"));
    CHECK(body.at("forwards") == json::parse(R"([{"domain":"b.example","servers":["10.0.0.2"]},
                                                 {"domain":"a.example","servers":["10.7.0.1"]}])"));
}

TEST_CASE("the options of a change become what the API calls them") {
    const FakeDaemon daemon(daemon_with_laptop);
    picctl(daemon, {"cell", "set", "name", "x", "--wait", "--if-match", "4", "--idempotency-key", "k1"});
    auto sent = daemon.last("PATCH", "/api/v1/cell");
    CHECK(sent.headers["prefer"] == "wait=30");
    CHECK(sent.headers["if-match"] == "\"4\"");
    CHECK(sent.headers["idempotency-key"] == "k1");
    picctl(daemon, {"--wait=5", "cell", "set", "name", "x"});
    CHECK(daemon.last("PATCH", "/").headers.at("prefer") == "wait=5");
}

TEST_CASE("a dry run shows the plan") {
    const FakeDaemon daemon([](const Seen&) -> Reply {
        return {.body = R"({"events":[{"type":"CellChanged","stream":"cell","data":{}}],
                           "artefacts":[{"service":"dns","path":"Corefile","diff":"-old\n+new\n"}]})"};
    });
    const auto outcome = picctl(daemon, {"cell", "set", "domain", "home.example", "--dry-run"});
    CHECK(daemon.last("PATCH", "/").target == "/api/v1/cell?dry_run=true");
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.out, Catch::Contains("Nothing was changed") && Catch::Contains("CellChanged") &&
                                Catch::Contains("dns/Corefile\n-old\n+new\n"));
}

TEST_CASE("a restart tells how it ended") {
    std::string state = "done";
    const FakeDaemon daemon([&](const Seen&) -> Reply {
        return {.status = state == "asked" ? 202 : 200,
                .body = R"({"id":"x","service":"dns","kind":"restart","state":")" + state +
                        R"(","detail":"","asked_at":"","ended_at":null})"};
    });
    const auto good = picctl(daemon, {"services", "restart", "dns", "--wait"});
    CHECK(good.code == 0);
    CHECK(good.out == "Restarted dns.\n");
    CHECK(daemon.last("POST", "/api/v1/services/dns/restart").headers.at("prefer") == "wait=30");
    for (const std::string bad : {"failed", "lost", "asked"}) {
        state = bad;
        CHECK(picctl(daemon, {"services", "restart", "dns", "--wait"}).code == 8);
    }
    CHECK(picctl(daemon, {"services", "restart", "dns"}).code == 0);
    CHECK(picctl(daemon, {"--json", "services", "reapply", "dns", "--wait"}).code == 8);
}

TEST_CASE("--wait tells when a service did not take the change") {
    std::string state = "applied";
    const FakeDaemon daemon([&](const Seen&) -> Reply {
        return {.body = R"({"seq":8,"events":[],"applied":[{"service":"dns","revision":8,"state":")" + state +
                        R"(","detail":"a reason"}]})"};
    });
    const std::vector<std::string> words{"cell", "set", "name", "x", "--wait"};
    const auto good = picctl(daemon, words);
    CHECK(good.code == 0);
    CHECK_THAT(good.out, Catch::Contains("dns: applied - a reason"));
    for (const std::string bad : {"refused", "rolled_back", "timeout"}) {
        state = bad;
        CHECK(picctl(daemon, words).code == 8);
    }
    CHECK(picctl(daemon, {"--json", "cell", "set", "name", "x", "--wait"}).code == 8);
}
