// Golden tests are folders of text: tests/golden/<service>/<case>/commands.json is what happens, events.json
// what the log then holds and files/ what is rendered from it. PIC_ACCEPT=1 rewrites them; the change is then
// reviewed as a diff.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "scene.hpp"

using namespace pic;
using namespace pic::test;
using json = nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

const fs::path golden = fs::path(PIC_SOURCE_DIR) / "tests/golden";

bool accepting() {
    const char* accept = std::getenv("PIC_ACCEPT");
    return accept != nullptr && std::string_view(accept) == "1";
}

std::string read(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

using Texts = std::map<std::string, std::string>;

/// What the case comes to: events.json, and every artefact of the services that render under
/// files/<service>/.
Texts outcome(const json& commands, Scene& scene) {
    json events = json::array();
    for (const auto& command : commands) {
        const auto before = scene.log().size();
        const auto type = command.at("type").get<std::string>();
        const auto done = scene.run(type, command.value("data", json::object()).dump());
        for (auto i = before; i < scene.log().size(); ++i) {
            const auto& [event, meta, change] = scene.log()[i];
            events.push_back({{"seq", meta.sequence.value},
                              {"stream", event.stream},
                              {"version", meta.version.value},
                              {"type", event.type},
                              {"schema_version", event.schema_version},
                              {"data", json::parse(event.data)}});
        }
        if (!done)
            events.push_back(
                {{"refused", type}, {"code", done.error().code}, {"detail", done.error().detail}});
    }
    Texts texts{{"events.json", events.dump(2) + "\n"}};
    for (const auto service : rendering_services()) {
        for (auto& [path, text] : pictures(scene.world(), service)) {
            texts["files/" + std::string(service) + "/" + path] = std::move(text);
        }
    }
    return texts;
}

/// Of what a case comes to, the part that its folder is about.
bool concerns(const fs::path& folder, const std::string& path) {
    const auto service = folder.parent_path().filename().string();
    if (service == "cell") return !path.starts_with("files/") || path == "files/cell_config.json";
    return !path.starts_with("files/") || path.starts_with("files/" + service + "/");
}

Texts stored(const fs::path& folder) {
    Texts texts;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const auto path = fs::relative(entry.path(), folder).string();
        if (entry.is_regular_file() && path != "commands.json") texts[path] = read(entry.path());
    }
    return texts;
}

std::vector<fs::path> cases() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(golden)) {
        if (entry.path().filename() == "commands.json") found.push_back(entry.path().parent_path());
    }
    std::ranges::sort(found);
    return found;
}

void accept(const fs::path& folder, const Texts& texts) {
    fs::remove_all(folder / "files");
    for (const auto& [path, text] : texts) write(folder / path, text);
}

/// Keeps the first event seen of each type and version; what is there is never rewritten.
void keep_events(const Scene& scene) {
    for (const auto& stored : scene.log()) {
        const auto path = golden / "events" /
                          (stored.event.type + ".v" + std::to_string(stored.event.schema_version) + ".json");
        if (!fs::exists(path)) write(path, stored.event.data + "\n");
    }
}

}  // namespace

TEST_CASE("golden cases come to what is stored") {
    for (const auto& folder : cases()) {
        Scene scene;
        auto texts = outcome(json::parse(read(folder / "commands.json")), scene);
        texts["files/cell_config.json"] = cell_config(scene.world());
        std::erase_if(texts, [&](const auto& entry) { return !concerns(folder, entry.first); });
        if (accepting()) {
            accept(folder, texts);
            keep_events(scene);
        }
        const auto expected = stored(folder);
        for (const auto& [path, text] : texts) {
            INFO(fs::relative(folder, golden).string()
                 << ": " << path << " (PIC_ACCEPT=1 accepts what is new)");
            const auto there = expected.find(path);
            CHECK(text == (there == expected.end() ? "" : there->second));
        }
        for (const auto& [path, text] : expected) {
            INFO(fs::relative(folder, golden).string() << ": " << path << " is no longer made");
            CHECK(texts.contains(path));
        }
    }
}

TEST_CASE("every event version that was ever written can be read") {
    std::set<std::string> versions;
    for (const auto& entry : fs::directory_iterator(golden / "events")) {
        const auto name = entry.path().stem().string();  // PeerAdded.v1
        const auto dot = name.rfind(".v");
        World world;
        Evolver evolver;
        INFO(name);
        const std::string type = name.substr(0, dot);
        const std::string data = read(entry.path());
        CHECK_NOTHROW(evolver.apply(
            world,
            EventView{
                type, std::stoi(name.substr(dot + 2)), data, {Sequence{1}, StreamVersion{1}, {}}, false}));
        versions.insert(type);
    }
    for (const auto type : event_types()) {
        INFO("no golden event of type " << type << ": have a golden case emit one and run with PIC_ACCEPT=1");
        CHECK(versions.contains(std::string(type)));
    }
}
