// The order of the firewall's rules against a list that is kept by hand: whatever is added, moved and
// removed, positions are dense, a move is one event, and what a replay, an undo or a restore makes is the
// same order.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "projections/routing/routing.hpp"
#include "projections/scene.hpp"

using namespace pic;
using test::Scene;
using Json = nlohmann::json;

namespace {

std::string add_rule(Scene& scene, std::optional<std::size_t> position = {}) {
    const auto data = position ? fmt::format(R"({{"action":"accept","position":{}}})", *position)
                               : std::string(R"({"action":"accept"})");
    return scene.must("AddRoutingRule", data).key;
}

void move_rule(Scene& scene, const std::string& id, std::size_t position) {
    scene.must("ChangeRoutingRule", fmt::format(R"({{"id":"{}","position":{}}})", id, position));
}

/// The ids by their positions, which must be 1, 2, 3...
std::vector<std::string> order_of(const World& world) {
    const auto page = list_resources(world, "routing_rules", "", 1000);
    std::vector<std::string> order(Json::parse(page->items).size());
    for (const auto& rule : Json::parse(page->items)) {
        const auto position = rule.at("position").get<std::size_t>();
        REQUIRE(position >= 1);
        REQUIRE(position <= order.size());
        REQUIRE(order[position - 1].empty());
        order[position - 1] = rule.at("id");
    }
    return order;
}

std::vector<std::string> types_since(const Scene& scene, std::size_t length) {
    std::vector<std::string> types;
    for (auto i = length; i < scene.log().size(); ++i) types.push_back(scene.log()[i].event.type);
    return types;
}

}  // namespace

TEST_CASE("rules keep the order that they are given") {
    std::mt19937 random(7);
    const auto up_to = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(1, n)(random);
    };
    Scene scene;
    scene.set_up();
    std::vector<std::string> model;
    for (int step = 0; step < 400; ++step) {
        const auto what = up_to(10);
        if (model.empty() || what <= 4) {
            const auto position = up_to(model.size() + 1);
            model.insert(model.begin() + static_cast<std::ptrdiff_t>(position - 1),
                         add_rule(scene, position));
        } else if (what <= 8) {
            const auto from = up_to(model.size()), to = up_to(model.size());
            const auto id = model[from - 1];
            const auto before = scene.log().size();
            move_rule(scene, id, to);
            CHECK(scene.log().size() - before <= (from == to ? 0 : 2));
            model.erase(model.begin() + static_cast<std::ptrdiff_t>(from - 1));
            model.insert(model.begin() + static_cast<std::ptrdiff_t>(to - 1), id);
        } else {
            const auto from = up_to(model.size());
            scene.must("RemoveRoutingRule", fmt::format(R"({{"id":"{}"}})", model[from - 1]));
            model.erase(model.begin() + static_cast<std::ptrdiff_t>(from - 1));
        }
        REQUIRE(order_of(scene.world()) == model);
    }
    CHECK(order_of(scene.replay()) == model);
    const auto parsed = parse_world(snapshot_world(scene.world()));
    REQUIRE(parsed);
    CHECK(order_of(*parsed) == model);
}

TEST_CASE("a move is one event, until the room between two rules is used up") {
    Scene scene;
    scene.set_up();
    std::vector<std::string> rules;
    for (int i = 0; i < 3; ++i) rules.push_back(add_rule(scene));
    const auto before = scene.world().sequence;
    const auto order = order_of(scene.world());
    std::size_t spreads = 0;
    for (int i = 0; i < 60; ++i) {  // each time into half of what was left
        const auto length = scene.log().size();
        move_rule(scene, order_of(scene.world())[2], 2);
        const auto types = types_since(scene, length);
        if (types == std::vector<std::string>{"RoutingRanksSpread", "RoutingRuleChanged"}) {
            ++spreads;
        } else {
            REQUIRE(types == std::vector<std::string>{"RoutingRuleChanged"});
        }
    }
    CHECK(spreads >= 1);
    CHECK(spreads <= 5);
    // Ranks of before the spreading mean nothing now; the restored order is that of then all the same.
    REQUIRE(scene.restore(before));
    CHECK(order_of(scene.world()) == order);
}

TEST_CASE("an undone move goes back to its place, whatever was added meanwhile") {
    Scene scene;
    scene.set_up();
    const auto a = add_rule(scene), b = add_rule(scene), c = add_rule(scene);
    move_rule(scene, c, 1);
    const auto change = scene.changes() - 1;
    const auto d = add_rule(scene);
    REQUIRE(scene.undo(change));
    CHECK(order_of(scene.world()) == std::vector{a, b, c, d});
}

TEST_CASE("rules of the first version keep their order, gaps and ties and all") {
    World world;
    Evolver evolver;
    std::uint64_t sequence = 0;
    const auto v1 = [&](std::string_view type, const std::string& data) {
        ++sequence;
        evolver.apply(world, EventView{type, 1, data, {Sequence{sequence}, StreamVersion{1}, {}}, false});
    };
    const auto rule = [&](int id, int position) {
        v1("RoutingRuleAdded",
           fmt::format(
               R"({{"id":"00000000-0000-7000-8000-00000000000{}","position":{},"source":"any",)"
               R"("destination":"any","protocol":"any","ports":null,"action":"accept","enabled":true,)"
               R"("note":null}})",
               id, position));
    };
    rule(1, 10);
    rule(2, 20);
    rule(3, 15);
    rule(4, 10);
    v1("RoutingRuleChanged", R"({"id":"00000000-0000-7000-8000-000000000002","position":1})");
    v1("RoutingRuleChanged", R"({"id":"00000000-0000-7000-8000-000000000003","enabled":false})");
    std::string ends;
    for (const auto& id : order_of(world)) ends += id.back();
    CHECK(ends == "2143");
}
