// The broker as the controller meets it: a real socket on either side, an engine that answers as Docker does.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "broker/fake_docker.hpp"
#include "controller/broker/client.hpp"
#include "controller/broker/log_lines.hpp"
#include "controller/broker/server.hpp"
#include "support/temp_folder.hpp"

namespace pic::test {
namespace {

using broker::Verb;
using nlohmann::json;

json container(const std::string& name, const std::string& service, const std::string& project) {
    return {{"Id", "id-of-" + name},
            {"Names", {"/" + name}},
            {"Image", "cell/" + service},
            {"State", "running"},
            {"Status", "Up 2 minutes (healthy)"},
            {"Labels", {{"com.docker.compose.project", project}, {"com.docker.compose.service", service}}},
            {"Ports",
             {{{"IP", "0.0.0.0"}, {"PrivatePort", 53}, {"PublicPort", 5353}, {"Type", "udp"}},
              {{"PrivatePort", 9153}, {"Type", "tcp"}}}},
            {"NetworkSettings", {{"Networks", {{"cell", {{"IPAddress", "172.20.0.3"}}}}}}}};
}

std::string frame(char stream, const std::string& text) {
    std::string header(8, '\0');
    header[0] = stream;
    header[6] = static_cast<char>(text.size() >> 8);
    header[7] = static_cast<char>(text.size());
    return header + text;
}

/// An engine with two containers of ours and one of somebody else, whom it lists although it was asked not
/// to.
DockerReply engine(const std::string& line) {
    if (line.starts_with("GET /containers/json?")) {
        return {200, json{container("cell-dns", "dns", "cell"), container("cell-api", "api", "cell"),
                          container("safe-of-the-neighbour", "dns", "neighbour")}
                         .dump()};
    }
    if (line.find("/logs?") != std::string::npos) {
        return {200, frame(1, "2026-11-24T10:00:00.1Z ready\n") +
                         frame(2, "2026-11-24T10:00:01.2Z \x1b[31mred\n")};
    }
    if (line.find("/stats?") != std::string::npos) {
        return {
            200,
            json{{"cpu_stats",
                  {{"cpu_usage", {{"total_usage", 300}}}, {"system_cpu_usage", 2000}, {"online_cpus", 2}}},
                 {"precpu_stats", {{"cpu_usage", {{"total_usage", 200}}}, {"system_cpu_usage", 1000}}},
                 {"memory_stats", {{"usage", 5000}, {"limit", 9000}, {"stats", {{"inactive_file", 1000}}}}},
                 {"networks", {{"eth0", {{"rx_bytes", 7}, {"tx_bytes", 8}}}}},
                 {"pids_stats", {{"current", 3}}}}
                .dump()};
    }
    if (line.find("/start") != std::string::npos) return {500, R"({"message":"port is already allocated"})"};
    return {204, ""};
}

struct Stand {
    TempFolder folder;
    FakeDocker docker{folder.path() / "docker.sock", engine};
    broker::Server server{folder.path() / "broker.sock",
                          {broker::Docker((folder.path() / "docker.sock").string()), "cell"}};
    broker::Client client{folder.path() / "broker.sock"};

    json ask(Verb verb, const std::string& name = {}) {
        const auto answer = client.ask({.verb = verb, .container = name});
        if (!answer) return {{"code", answer.error().code}, {"detail", answer.error().detail}};
        return json::parse(*answer);
    }
    /// What Docker was asked besides the list of containers.
    [[nodiscard]] std::vector<std::string> deeds() const {
        auto lines = docker.seen();
        std::erase_if(lines,
                      [](const std::string& line) { return line.starts_with("GET /containers/json?"); });
        return lines;
    }
    /// The broker's raw answer to a raw line.
    [[nodiscard]] json raw(const std::string& line) const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, (folder.path() / "broker.sock").c_str(), sizeof address.sun_path - 1);
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()));
        std::string answer;
        char piece[4096];
        for (ssize_t n = 0; (n = ::recv(fd, piece, sizeof piece, 0)) > 0;)
            answer.append(piece, static_cast<std::size_t>(n));
        ::close(fd);
        return json::parse(answer);
    }
};

}  // namespace

TEST_CASE("the broker lists the cell's own containers and no others") {
    Stand stand;
    const auto items = stand.ask(Verb::list).at("items");
    REQUIRE(items.size() == 2);
    CHECK(items[0].at("name") == "cell-api");
    const auto& dns = items[1];
    CHECK(dns.at("name") == "cell-dns");
    CHECK(dns.at("health") == "healthy");
    CHECK(dns.at("address") == "172.20.0.3");
    CHECK(dns.at("ports") ==
          json::parse(R"([{"address":"0.0.0.0","published":5353,"port":53,"protocol":"udp"}])"));
    // The engine was asked for ours alone.
    CHECK(stand.docker.seen().front().find("com%2Edocker%2Ecompose%2Eproject%3Dcell") != std::string::npos);
}

TEST_CASE("a container of somebody else is not there, whatever is asked of it") {
    Stand stand;
    for (const auto verb : {Verb::start, Verb::stop, Verb::restart, Verb::logs, Verb::stats}) {
        CHECK(stand.ask(verb, "safe-of-the-neighbour").at("code") == "not_found");
        CHECK(stand.ask(verb, "id-of-cell-dns").at("code") == "not_found");
    }
    CHECK(stand.deeds().empty());
}

TEST_CASE("a verb is done to the id that Docker gave") {
    Stand stand;
    CHECK(stand.ask(Verb::restart, "cell-dns").at("container").at("name") == "cell-dns");
    CHECK(stand.deeds() == std::vector<std::string>{"POST /containers/id-of-cell-dns/restart?t=10 HTTP/1.0"});
}

TEST_CASE("the controller and the broker can be restarted and not stopped") {
    Stand stand;
    CHECK(stand.ask(Verb::stop, "cell-api").at("code") == "conflict");
    CHECK(stand.deeds().empty());
    CHECK(stand.ask(Verb::restart, "cell-api").contains("container"));
}

TEST_CASE("what Docker refuses comes with Docker's own sentence") {
    Stand stand;
    const auto refusal = stand.ask(Verb::start, "cell-dns");
    CHECK(refusal.at("code") == "docker_refused");
    CHECK(refusal.at("detail") == "Docker says: port is already allocated");
}

TEST_CASE("logs are lines of clean text") {
    Stand stand;
    const auto items = stand.ask(Verb::logs, "cell-dns").at("items");
    REQUIRE(items.size() == 2);
    CHECK(items[0] == json{{"at", "2026-11-24T10:00:00.1Z"}, {"stream", "stdout"}, {"line", "ready"}});
    CHECK(items[1] == json{{"at", "2026-11-24T10:00:01.2Z"}, {"stream", "stderr"}, {"line", "?[31mred"}});
}

TEST_CASE("a log stream that ends in the middle gives what there is of it") {
    CHECK(broker::log_lines(frame(1, "2026-11-24T10:00:00Z whole\n").substr(0, 20)).size() == 1);
    CHECK(broker::log_lines("short").empty());
}

TEST_CASE("stats are figures that mean something") {
    Stand stand;
    const auto stats = stand.ask(Verb::stats, "cell-dns");
    CHECK(stats.at("cpu_percent") == Approx(20));
    CHECK(stats.at("memory_bytes") == 4000);
    CHECK(stats.at("received_bytes") == 7);
    CHECK(stats.at("processes") == 3);
}

TEST_CASE("everything that is none of the verbs is refused before Docker hears of it") {
    Stand stand;
    const auto line = GENERATE(
        as<std::string>{}, "{\"verb\":\"exec\",\"container\":\"cell-dns\"}\n",
        "{\"verb\":\"kill\",\"container\":\"cell-dns\"}\n", "{\"verb\":\"create\"}\n",
        "{\"verb\":\"start\"}\n", "{\"verb\":\"list\",\"container\":\"cell-dns\"}\n",
        "{\"verb\":\"start\",\"container\":\"../images/json\"}\n",
        "{\"verb\":\"start\",\"container\":\"cell-dns?t=0\"}\n",
        "{\"verb\":\"start\",\"container\":\"cell-dns\",\"privileged\":true}\n",
        "{\"verb\":\"start\",\"container\":[\"cell-dns\"]}\n",
        "{\"verb\":\"logs\",\"container\":\"cell-dns\",\"tail\":100000}\n", "{\"verb\":1}\n", "[]\n", "\n",
        "GET /containers/json HTTP/1.1\r\nHost: docker\r\n\r\n", "POST /containers/create HTTP/1.1\r\n\r\n");
    CAPTURE(line);
    const auto answer = stand.raw(line);
    CHECK_FALSE(answer.at("ok"));
    CHECK((answer.at("code") == "invalid_field" || answer.at("code") == "malformed_json"));
    CHECK(stand.docker.seen().empty());
}

TEST_CASE("a request that is too long is refused") {
    Stand stand;
    CHECK(stand.raw(std::string(broker::request_limit, 'x')).at("code") == "malformed_json");
    CHECK(stand.docker.seen().empty());
}

TEST_CASE("an engine or a broker that is not there is said to be so") {
    TempFolder folder;
    const auto socket = folder.path() / "broker.sock";
    const broker::Client client(socket);
    CHECK(client.ask({}).error().code == "broker_unreachable");
    const broker::Server server(socket, {broker::Docker((folder.path() / "none.sock").string()), "cell"});
    CHECK(client.ask({}).error().code == "docker_unreachable");
    CHECK(broker::Client().ask({}).error().code == "no_containers");
}

}  // namespace pic::test
