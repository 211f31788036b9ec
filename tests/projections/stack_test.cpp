// The stack's variables: the file that documents them, the one that is made of them, and what waits for a
// restart.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "projections/stack/stack.hpp"
#include "scene.hpp"

using namespace pic;
using namespace pic::test;

namespace {

std::map<std::string, std::string> assigned_in(std::istream&& text) {
    std::map<std::string, std::string> all;
    for (std::string line; std::getline(text, line);) {
        const auto equals = line.find('=');
        if (line.starts_with('#') || equals == std::string::npos) continue;
        all[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return all;
}

struct Configured : Scene {
    Configured() {
        set_up();
        must("ImportEnvironment", R"({"variables":[]})");
    }
};

}  // namespace

TEST_CASE("env.example documents every variable with the value that it has before anybody changes it") {
    auto documented = assigned_in(std::ifstream(PIC_SOURCE_DIR "/.env.example"));
    CHECK(documented.contains("WEBDAV_PASS"));
    documented.erase("WEBDAV_PASS");  // the one that is no business of the log
    std::map<std::string, std::string> known;
    for (const auto& [name, value] : stack::assignments(World())) known[name] = value;
    CHECK(documented == known);
}

TEST_CASE("the rendered environment can be read back and changes nothing") {
    Configured scene;
    scene.must("ChangeStack", R"({"dns_port":5353,"cell_network":"10.99.0.0/16"})");
    const auto text = stack::environment(scene.world());
    std::string variables;
    for (const auto& [name, value] : assigned_in(std::istringstream(text))) {
        variables +=
            (variables.empty() ? "" : ",") + ("{\"name\":\"" + name + "\",\"value\":\"" + value + "\"}");
    }
    const auto before = scene.log().size();
    scene.must("ImportEnvironment", "{\"variables\":[" + variables + "]}");
    CHECK(scene.log().size() == before);
    CHECK(stack::environment(scene.world()) == text);
}

TEST_CASE("a changed port waits for a restart of its own container only") {
    Configured scene;
    const auto running = stack::assignments(scene.world());
    CHECK(stack::pending_restart(scene.world(), "dns", running).empty());
    scene.must("ChangeService", R"({"service":"dns","port":5353})");
    CHECK(stack::pending_restart(scene.world(), "dns", running) ==
          "DNS_PORT is 53 and becomes 5353 with the next make restart");
    CHECK(stack::pending_restart(scene.world(), "wireguard", running).empty());
    CHECK(stack::pending_restart(scene.world(), "dns", stack::assignments(scene.world())).empty());
    scene.must("ChangeStack", R"({"cell_network":"10.99.0.0/16"})");
    CHECK_FALSE(stack::pending_restart(scene.world(), "wireguard", running).empty());
}

TEST_CASE("undo brings a port back, and a restore does not make a stack of what is none") {
    Configured scene;
    const auto before = scene.world().sequence;
    scene.must("ChangeService", R"({"service":"dns","port":5353})");
    REQUIRE(scene.restore(before));
    CHECK(stack::port_of(scene.world(), "dns") == 53);
    REQUIRE(scene.restore(Sequence{1}));
    CHECK(scene.world().get<stack::Service>().stack.configured);
}
