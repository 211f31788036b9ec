#include "schema/cow_map.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "schema/fragment_tree.hpp"

using namespace pic;

namespace {

using Map = CowMap<std::string, int>;
using Model = std::map<std::string, int>;

Model contents(const Map& map) {
    Model model;
    std::string last;
    map.for_each([&](const std::string& key, int value) {
        REQUIRE((model.empty() || last < key));
        last = key;
        model.emplace(key, value);
    });
    REQUIRE(map.size() == model.size());
    return model;
}

/// Applies `steps` random changes to both.
void change(Map& map, Model& model, std::mt19937& random, int steps) {
    for (int i = 0; i < steps; ++i) {
        const auto key = std::to_string(random() % 300);
        if (random() % 3 == 0) {
            CHECK(map.erase(key) == (model.erase(key) == 1));
        } else {
            const int value = static_cast<int>(random() % 1000);
            map.assign(key, value);
            model[key] = value;
        }
    }
}

}  // namespace

TEST_CASE("a copy keeps its version while the original goes on") {
    std::mt19937 random(1);
    Map map;
    Model model;
    std::vector<std::pair<Map, Model>> versions;
    for (int round = 0; round < 60; ++round) {
        change(map, model, random, 25);
        versions.emplace_back(map, model);
    }
    for (const auto& [version, expected] : versions) CHECK(contents(version) == expected);
}

TEST_CASE("diff names exactly what differs between any two versions") {
    std::mt19937 random(2);
    for (int round = 0; round < 40; ++round) {
        Map before;
        Model model;
        change(before, model, random, 200);
        Map now = before;
        Model expected = model;
        change(now, expected, random, static_cast<int>(random() % 60));
        Model patched = model;
        std::string last;
        Map::diff(before, now, [&](const std::string& key, const int* old, const int* fresh) {
            CHECK((last.empty() || last < key));
            last = key;
            CHECK((old != nullptr) == model.contains(key));
            if (fresh != nullptr) {
                patched[key] = *fresh;
            } else {
                patched.erase(key);
            }
        });
        CHECK(patched == expected);
    }
}

TEST_CASE("diff visits what changed and not the whole map") {
    Map before;
    for (int i = 0; i < 10000; ++i) before.assign(std::to_string(i), i);
    Map now = before;
    *now.edit(std::string("4711")) = -1;
    now.erase(std::string("17"));
    now.assign("new", 1);
    int visits = 0;
    Map::diff(before, now, [&](const auto&, auto, auto) { ++visits; });
    CHECK(visits == 3);
}

TEST_CASE("iteration starts after a cursor and stops when told") {
    Map map;
    for (const char* key : {"a", "b", "c", "d", "e"}) map.assign(key, 0);
    std::string seen;
    map.for_each_after(std::string("b"), [&](const std::string& key, int) {
        seen += key;
        return seen.size() < 2;
    });
    CHECK(seen == "cd");
    seen.clear();
    map.for_each_after(std::string("bb"), [&](const std::string& key, int) {
        seen += key;
        return true;
    });
    CHECK(seen == "cde");
}

TEST_CASE("the Merkle root depends on the fragments and not on how they came there") {
    struct Leaf {
        Digest digest;
    };
    const auto leaf = [](const char* text) { return Leaf{fragment_digest({std::string(text)})}; };
    FragmentTree<Leaf> forward, backward;
    CHECK(forward.summary() == Digest{});
    for (int i = 0; i < 100; ++i) forward.assign(std::to_string(i), leaf("x"));
    for (int i = 150; i-- > 0;) backward.assign(std::to_string(i), leaf(i % 7 == 0 ? "y" : "x"));
    CHECK(forward.summary() != backward.summary());
    for (int i = 100; i < 150; ++i) backward.erase(std::to_string(i));
    for (int i = 0; i < 100; ++i) backward.assign(std::to_string(i), leaf("x"));
    CHECK(forward.summary() == backward.summary());
    auto changed = forward;
    changed.assign("50", leaf("z"));
    CHECK(forward.summary() != changed.summary());
}

TEST_CASE("a secret reference never has the digest of the text that spells it") {
    CHECK(fragment_digest({std::string("wireguard/private_key@1")}) !=
          fragment_digest({SecretRef{"wireguard/private_key", 1}}));
    CHECK(fragment_digest({SecretRef{"a", 1}}) != fragment_digest({SecretRef{"a", 2}}));
    CHECK(fragment_digest({std::string("ab")}) != fragment_digest({std::string("a"), std::string("b")}));
}
