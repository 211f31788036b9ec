// Following the log, its verdict, and the files that hold a whole cell.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/fake_daemon.hpp"

using namespace pic::test;
using nlohmann::json;

namespace {

std::string event(int sequence, const std::string& type = "PeerAdded") {
    return R"({"seq":)" + std::to_string(sequence) +
           R"(,"at":"2026-11-23T21:00:00.000Z","actor":"user:admin","type":")" + type +
           R"(","stream":"peer-1","data":{"name":"laptop"}})";
}

std::string message(int sequence, const std::string& type = "PeerAdded") {
    return R"({"kind":"event","event":)" + event(sequence, type) + "}";
}

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("events shows the last hundred, or from where it was told") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        const std::map<std::string, std::string> head{{"X-Pic-Seq", "250"}};
        if (seen.target == "/api/v1/events?limit=1")
            return {.body = R"({"items":[],"next_cursor":null})", .headers = head};
        return {.body = R"({"items":[)" + event(151) + "," + event(152) + R"(],"next_cursor":null})",
                .headers = head};
    });
    const auto outcome = picctl(daemon, {"events"});
    CHECK(daemon.seen().back().target == "/api/v1/events?after=150&limit=1000");
    CHECK_THAT(outcome.out, Catch::Contains("    151  2026-11-23T21:00:00.000Z  user:admin      PeerAdded"));

    const auto lines =
        picctl(daemon, {"events", "--json", "--after", "7", "--limit", "2", "--type", "Peer Added"}).out;
    CHECK(daemon.seen().back().target == "/api/v1/events?after=7&limit=2&type=Peer%20Added");
    CHECK(json::parse(lines.substr(0, lines.find('\n'))).at("seq") == 151);
}

TEST_CASE("following resumes where a connection ended, nothing missed and nothing twice") {
    int connections = 0;
    const FakeDaemon daemon([&](const Seen& seen) -> Reply {
        if (!seen.headers.contains("upgrade"))
            return {.body = R"({"items":[)" + event(1) + R"(],"next_cursor":null})",
                    .headers = {{"X-Pic-Seq", "1"}}};
        switch (++connections) {
            case 1:
                return {.status = 101,
                        .messages = {message(2), R"({"kind":"caught_up","seq":2})", message(3)},
                        .close_code = 1013};
            case 2:
                return {
                    .status = 101, .messages = {message(4, "CellChanged"), message(5)}, .close_code = 1001};
            default:
                return {.status = 403, .body = "{}"};  // ends the test's follower
        }
    });
    const auto outcome = picctl(daemon, {"events", "--follow", "--json", "--type", "PeerAdded"});
    CHECK(outcome.code == 4);
    std::vector<int> sequences;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) sequences.push_back(json::parse(line).at("seq"));
    CHECK(sequences == std::vector{1, 2, 3, 5});
    std::vector<std::string> streams;
    for (const auto& seen : daemon.seen())
        if (seen.headers.contains("upgrade")) streams.push_back(seen.target);
    CHECK(streams == std::vector<std::string>{"/api/v1/stream?after=1", "/api/v1/stream?after=3",
                                              "/api/v1/stream?after=5"});
}

TEST_CASE("log verify says whether the log is whole, also by its exit code") {
    std::string body = R"({"ok":true,"events":12,"head":{"seq":12,"hash":"abcd"},"first_bad_seq":null})";
    const FakeDaemon daemon([&](const Seen&) -> Reply { return {.body = body}; });
    const auto good = picctl(daemon, {"log", "verify"});
    CHECK(good.code == 0);
    CHECK(good.out == "The log is whole: 12 events, head abcd.\n");
    body =
        R"({"ok":false,"events":12,"head":{"seq":12,"hash":"abcd"},"first_bad_seq":5,"detail":"hash differs"})";
    const auto bad = picctl(daemon, {"log", "verify"});
    CHECK(bad.code == 9);
    CHECK_THAT(bad.err, Catch::Contains("sequence 5") && Catch::Contains("hash differs"));
    CHECK(picctl(daemon, {"log", "verify", "--json"}).code == 9);
}

TEST_CASE("undo, restore and diff ask for what they were told") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.method == "GET") return {.body = R"({"from":3,"to":9,"resources":[],"artefacts":[]})"};
        return {.body = R"({"seq":10,"events":[]})"};
    });
    CHECK(picctl(daemon, {"undo", "7"}).code == 0);
    CHECK(daemon.last("POST", "/").target == "/api/v1/changes/7/undo");
    CHECK(picctl(daemon, {"restore", "4"}).code == 0);
    CHECK(json::parse(daemon.last("POST", "/api/v1/restore").body) == json{{"to_seq", 4}});
    CHECK(picctl(daemon, {"diff", "3", "9"}).out == "No difference.\n");
    CHECK(daemon.last("GET", "/").target == "/api/v1/diff?from=3&to=9");
}

TEST_CASE("a diff tells what came, what went, and of what stayed the fields that changed") {
    const FakeDaemon daemon([](const Seen&) -> Reply {
        return {.body = R"({"from":3,"to":9,"resources":[
            {"collection":"cell","key":"cell","before":{"domain":"a.example","timezone":"UTC"},
             "after":{"domain":"b.example","timezone":"UTC"}},
            {"collection":"peers","key":"1","before":null,"after":{"name":"laptop","address":"10.8.0.2"}},
            {"collection":"peers","key":"2","before":{"name":"phone"},"after":null}],
            "artefacts":[{"service":"dns","path":"zones/x","diff":"@@ soa @@\n-1\n+2\n"}]})"};
    });
    CHECK(picctl(daemon, {"diff", "3"}).out ==
          "changed cell cell\n  domain: a.example -> b.example\n"
          "added peers laptop\n  address: 10.8.0.2\n  name: laptop\n"
          "removed peers phone\n  name: phone\n"
          "\ndns/zones/x\n@@ soa @@\n-1\n+2\n");
}

TEST_CASE("a backup is a private file, whole or not there, and its passphrase is no argument") {
    const std::string archive(200'000, 'x');
    bool refuse = false;
    const FakeDaemon daemon([&](const Seen& seen) -> Reply {
        if (refuse) return {.status = 503, .body = R"({"detail":"no"})"};
        if (seen.target == "/readyz") return {.body = R"({"ready":true,"read_only":false,"epoch":2})"};
        return {.body = seen.method == "GET" ? archive : R"({"epoch":2,"detail":"in place"})"};
    });
    const TempFolder folder;
    const auto path = folder.path() / "cell.pic";
    CHECK(picctl(daemon, {"backup", path.string(), "--passphrase-stdin"}, "a long secret\n").code == 0);
    CHECK(daemon.last("GET", "/api/v1/backup").headers.at("pic-passphrase") == "a long secret");
    CHECK(content(path) == archive);

    CHECK(picctl(daemon, {"backup-restore", path.string(), "--passphrase-stdin"}, "a long secret\n").code ==
          0);
    CHECK(daemon.last("POST", "/api/v1/backup/restore").body == archive);

    refuse = true;
    const auto other = folder.path() / "other.pic";
    CHECK(picctl(daemon, {"backup", other.string(), "--passphrase-stdin"}, "a long secret\n").code == 7);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
    CHECK(picctl(daemon, {"backup", other.string()}).code == 2);
}

TEST_CASE("the configuration and zones go out and in") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.target == "/api/v1/cell") return {.body = R"({"domain":"home.example"})"};
        if (seen.method == "GET") return {.body = R"({"cell":{"name":"home"}})"};
        return {.body = R"({"seq":4,"events":[]})"};
    });
    const auto config = picctl(daemon, {"export"}).out;
    CHECK(picctl(daemon, {"at", "3", "export"}).code == 0);
    CHECK(daemon.last("GET", "/").target == "/api/v1/config?at=3");

    const TempFolder folder;
    const auto path = folder.path() / "cell_config.json";
    std::ofstream(path) << config;
    CHECK(picctl(daemon, {"import", path.string()}).code == 0);
    CHECK(json::parse(daemon.last("PUT", "/api/v1/config").body) == json::parse(config));
    std::ofstream(path) << "not json";
    CHECK(picctl(daemon, {"import", path.string()}).code == 2);

    std::ofstream(path) << "www A 10.9.0.5\n";
    CHECK(picctl(daemon, {"dns", "zone", "import", path.string()}).code == 0);
    CHECK(daemon.last("POST", "/api/v1/dns").target == "/api/v1/dns/zones/home.example/import");
    CHECK(daemon.last("POST", "/api/v1/dns").body == "www A 10.9.0.5\n");
}
