// What becomes of the daemon's answers: tables, JSON, refusals, exit codes.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/fake_daemon.hpp"

using namespace pic::test;
using nlohmann::json;

TEST_CASE("a list is a table for people and JSON for scripts") {
    const FakeDaemon daemon([](const Seen&) -> Reply {
        return {.body = R"({"items":[{"id":"1","name":"laptop","address":"10.9.0.2","enabled":true},
                           {"id":"2","name":"m\u00fcsli-box","address":null,"enabled":false}],"next_cursor":null})"};
    });
    const auto table = picctl(daemon, {"peer", "list"});
    CHECK(table.code == 0);
    CHECK(table.out ==
          "NAME       ADDRESS   ADDRESS6  ENABLED  INTERNET  ID\n"
          "laptop     10.9.0.2  -         yes      -         1\n"
          "m\u00fcsli-box  -         -         no       -         2\n");

    const auto text = picctl(daemon, {"peer", "list", "--json"});
    CHECK(json::parse(text.out).at("items").size() == 2);
    CHECK(json::parse(text.out).at("next_cursor").is_null());
}

TEST_CASE("nothing that the daemon says can steer the terminal") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.target.find("/cell") != std::string::npos)
            return {.body = R"({"name":"a\u001b[2Jb\u009b31mc\rd"})"};
        return {.status = 422, .body = R"({"code":"x","detail":"no\u001b]0;title\u0007"})"};
    });
    CHECK(picctl(daemon, {"cell", "show"}).out == "name  a?[2Jb?31mc?d\n");
    CHECK(picctl(daemon, {"wireguard", "show"}).err == "picctl: no?]0;title? [x]\n");
}

TEST_CASE("a refusal gives its sentence, its code and each pointer") {
    const std::string problem =
        R"({"type":"about:blank","title":"Refused","status":422,"detail":"The range is not private.",)"
        R"("code":"public_range","errors":[{"pointer":"/vpn_range","detail":"8.8.8.0/24 is public"}]})";
    const FakeDaemon daemon([&](const Seen&) -> Reply { return {.status = 422, .body = problem}; });

    const auto text = picctl(daemon, {"cell", "set", "vpn_range", "8.8.8.0/24"});
    CHECK(text.code == 1);
    CHECK(text.out.empty());
    CHECK(text.err ==
          "picctl: The range is not private. [public_range]\n  /vpn_range: 8.8.8.0/24 is public\n");

    const auto script = picctl(daemon, {"cell", "set", "vpn_range", "8.8.8.0/24", "--json"});
    CHECK(script.out.empty());
    CHECK(json::parse(script.err) == json::parse(problem));
}

TEST_CASE("the exit code tells what kind of refusal it was") {
    int status = 0;
    const FakeDaemon daemon(
        [&](const Seen&) -> Reply { return {.status = status, .body = R"({"detail":"no"})"}; });
    const std::vector<std::pair<int, int>> codes{{400, 1}, {401, 4}, {403, 4}, {404, 6}, {405, 6},
                                                 {409, 5}, {412, 5}, {413, 1}, {415, 1}, {421, 4},
                                                 {422, 1}, {429, 7}, {500, 7}, {501, 1}, {503, 7}};
    for (const auto& [given, expected] : codes) {
        status = given;
        INFO(given);
        CHECK(picctl(daemon, {"cell", "show"}).code == expected);
    }
}

TEST_CASE("an answer that makes no sense is an error, whatever it is") {
    Reply reply;
    const FakeDaemon daemon([&](const Seen&) { return reply; });
    for (const std::string body : {"", "{", "[]", "7", R"({"items":7})", "<html>"}) {
        reply = {.body = body};
        CHECK(picctl(daemon, {"peer", "list"}).code == 7);
        reply = {.status = 500, .body = body};
        CHECK(picctl(daemon, {"peer", "list"}).code == 7);
    }
    reply = {.status = 422, .body = R"({"detail":7,"errors":"none"})"};
    CHECK(picctl(daemon, {"peer", "list"}).code != 0);
}

TEST_CASE("no daemon, no answer: the sentence says where it was looked for") {
    const TempFolder folder;
    const auto outcome = picctl({"--data", folder.path().string(), "cell", "show"});
    CHECK(outcome.code == 3);
    CHECK_THAT(outcome.err, Catch::Contains(folder.path().string() + "/picd.sock"));
    CHECK(picctl({"--url", "http://127.0.0.1:1", "cell", "show"}).code == 3);
    for (const std::string url :
         {"ftp://x", "127.0.0.1:3000", "http://", "http://x/y", "http://x:", "http://u@x"})
        CHECK(picctl({"--url", url, "cell", "show"}).code == 2);
}

TEST_CASE("at asks any query as of a sequence") {
    const FakeDaemon daemon(
        [](const Seen&) -> Reply { return {.body = R"({"items":[],"next_cursor":null})"}; });
    CHECK(picctl(daemon, {"at", "42", "peer", "list"}).code == 0);
    CHECK(daemon.last("GET", "/api/v1/peers").target == "/api/v1/peers?limit=1000&at=42");
    CHECK(picctl(daemon, {"--json", "at", "42", "artefacts"}).code == 0);
    CHECK(daemon.last("GET", "/api/v1/artefacts").target == "/api/v1/artefacts?limit=1000&at=42");
}

TEST_CASE("a peer's config goes to stdout, to a file of one's own, or into a QR code") {
    const std::string config = "[Interface]\nPrivateKey = AAAA\n";
    const FakeDaemon daemon([&](const Seen& seen) -> Reply {
        if (seen.target.ends_with("/config")) return {.body = config};
        return {.body = R"({"items":[{"id":"i","name":"laptop"}],"next_cursor":null})"};
    });
    CHECK(picctl(daemon, {"peer", "config", "laptop"}).out == config);

    const TempFolder folder;
    const auto path = folder.path() / "wg.conf";
    CHECK(picctl(daemon, {"peer", "config", "laptop", "--out", path.string()}).code == 0);
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

    // 31 bytes at level L are version 2: 25 modules and a quiet zone of 4 around, two rows a line.
    const auto qr = picctl(daemon, {"peer", "qr", "laptop"}).out;
    CHECK(std::count(qr.begin(), qr.end(), '\n') == 17);
    CHECK_THAT(qr, Catch::StartsWith("\u2588\u2588\u2588\u2588\u2588"));
}

TEST_CASE("the local socket is addressed as this host, without a sign-in") {
    const FakeDaemon daemon([](const Seen&) -> Reply { return {.body = "{}"}; });
    picctl(daemon, {"cell", "show"});
    const auto seen = daemon.last("GET", "/api/v1/cell");
    CHECK(seen.headers.at("host") == "localhost");
    CHECK_FALSE(seen.headers.contains("authorization"));
    CHECK_FALSE(seen.headers.contains("cookie"));
}
