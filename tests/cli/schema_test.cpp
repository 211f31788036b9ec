// picctl knows the fields of the API: none that is not there, none left out.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/fake_daemon.hpp"
#include "tools/picctl/commands/commands.hpp"

using namespace pic::test;
using nlohmann::json;

namespace {

/// The properties of schema/<file>.json, $defs/<name>, without those that the path or a positional gives.
json properties(const std::string& file, const std::string& name, const std::set<std::string>& without) {
    std::ifstream in(std::string(PIC_SOURCE_DIR "/schema/") + file + ".json");
    auto all = json::parse(in).at("$defs").at(name).at("properties");
    for (const auto& field : without) all.erase(field);
    return all;
}

std::string value_for(const json& property) {
    const auto types = property.at("type").dump();
    if (types.find("boolean") != std::string::npos) return "yes";
    if (types.find("integer") != std::string::npos) return "1";
    return "x";
}

std::set<std::string> names(const json& object) {
    std::set<std::string> all;
    for (const auto& [name, value] : object.items()) all.insert(name);
    return all;
}

}  // namespace

TEST_CASE("every field of a command can be set, under the API's name") {
    const FakeDaemon daemon([](const Seen& seen) -> Reply {
        if (seen.method != "GET") return {.body = R"({"seq":1,"events":[]})"};
        return {.body = R"({"items":[{"id":"i","name":"x","type":"A","value":"v"}],"next_cursor":null})"};
    });
    struct Case {
        std::vector<std::string> verb;
        std::string file, definition;
        std::set<std::string> without;
        bool options;
    };
    const std::vector<Case> cases{
        {{"cell", "set"}, "cell", "ChangeCell", {}, false},
        {{"wireguard", "set"}, "wireguard", "ChangeWireguard", {}, false},
        {{"services", "set", "dns"}, "services", "ChangeService", {"service"}, false},
        {{"peer", "set", "x"}, "peers", "ChangePeer", {"id"}, false},
        {{"dns", "record", "set", "x"}, "dns", "ChangeDnsRecord", {"id"}, false},
        {{"peer", "add", "x"}, "peers", "AddPeer", {"name"}, true},
        {{"peer", "rotate", "x"}, "peers", "RotatePeerKey", {"id"}, true},
        {{"dns", "record", "add", "x", "A", "v"}, "dns", "AddDnsRecord", {"name", "type", "value"}, true},
        {{"token", "add", "x"}, "access", "AddToken", {"name"}, true},
        {{"agent", "add", "x"}, "access", "AddAgent", {"name"}, true},
        {{"subscriber", "add", "x"}, "access", "AddSubscriber", {"name"}, true},
    };
    for (const auto& [verb, file, definition, without, options] : cases) {
        INFO(file << " " << definition);
        const auto fields = properties(file, definition, without);
        auto words = verb;
        for (const auto& [name, property] : fields.items()) {
            auto option = "--" + name;
            std::replace(option.begin(), option.end(), '_', '-');
            words.push_back(options ? option : name);
            words.push_back(value_for(property));
        }
        const auto outcome = picctl(daemon, words);
        INFO(outcome.err);
        REQUIRE(outcome.code == 0);
        auto sent = json::parse(daemon.seen().back().body);
        for (const auto& field : without) sent.erase(field);
        CHECK(names(sent) == names(fields));
    }
}

TEST_CASE("no verb has a field that the API does not know") {
    const std::vector<std::tuple<std::string, std::string, std::string>> adds{
        {"peer add", "peers", "AddPeer"},
        {"token add", "access", "AddToken"},
        {"agent add", "access", "AddAgent"},
        {"subscriber add", "access", "AddSubscriber"}};
    for (const auto& [path, file, definition] : adds) {
        const auto known = names(properties(file, definition, {}));
        for (const auto& verb : pic::cli::all_verbs()) {
            if (verb.path != path) continue;
            for (const auto& parameter : verb.parameters) {
                if (!parameter.name.starts_with("--")) continue;
                auto field = parameter.name.substr(2);
                std::replace(field.begin(), field.end(), '-', '_');
                INFO(path << " " << field);
                CHECK(known.contains(field));
            }
        }
    }
}
