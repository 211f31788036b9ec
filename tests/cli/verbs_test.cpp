// The verbs as data: complete, described, and the same in the completions and the documentation.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "cli/fake_daemon.hpp"
#include "tools/picctl/command_line.hpp"
#include "tools/picctl/commands/commands.hpp"

using namespace pic::test;
using namespace pic::cli;

TEST_CASE("every verb has a path of its own, a help, a function, and parameters that do not clash") {
    std::set<std::string> paths;
    for (const auto& verb : all_verbs()) {
        INFO(verb.path);
        CHECK(paths.insert(verb.path).second);
        CHECK_FALSE(verb.help.empty());
        CHECK(verb.run);
        std::set<std::string> names;
        for (const auto& option : global_options()) names.insert(option.name);
        for (const auto& parameter : verb.parameters) {
            INFO(parameter.name);
            CHECK(names.insert(parameter.name).second);
            CHECK_FALSE(parameter.help.empty());
        }
        const auto group = verb.path.substr(0, std::min(verb.path.find(' '), verb.path.size()));
        if (group != verb.path) CHECK_FALSE(group_help(group).empty());
    }
}

TEST_CASE("every verb can be parsed, asked for help, and completed") {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const auto script = picctl({"completion", shell});
        CHECK(script.code == 0);
        for (const auto& verb : all_verbs()) {
            const auto word = verb.path.substr(verb.path.rfind(' ') + 1);
            CHECK(script.out.find(word) != std::string::npos);
        }
    }
    for (const auto& verb : all_verbs()) {
        std::vector<std::string> words;
        std::istringstream path(verb.path);
        for (std::string word; path >> word;) words.push_back(word);
        words.emplace_back("--help");
        const auto help = picctl(words);
        INFO(verb.path);
        CHECK(help.code == 0);
        CHECK_THAT(help.out, Catch::Contains(verb.help) && Catch::Contains("picctl " + verb.path));
    }
}

TEST_CASE("docs/picctl.md knows every verb") {
    std::ifstream file(PIC_SOURCE_DIR "/docs/picctl.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    for (const auto& verb : all_verbs()) {
        INFO(verb.path);
        CHECK(page.find("`picctl " + verb.path) != std::string::npos);
    }
}
