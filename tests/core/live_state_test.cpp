// What agents tell of their services: merged by row, bounded, and charted for a day.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "controller/core/live_history.hpp"
#include "controller/core/live_state.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using core::LiveHistory;
using core::LiveState;

namespace {

constexpr Timestamp noon{1'750'000'000'000 / 60'000 * 60'000};

std::string transfer(const std::string& rest) {
    return R"({"live":{"table":"transfer","columns":["key","in","out"],"chart":["in"],)" + rest + "}}";
}

void take(LiveState& state, const std::string& json) { REQUIRE(state.take("wireguard", json, noon)); }

std::optional<double> in_of(const LiveState& state, const std::string& key) {
    std::optional<double> value;
    state.visit("wireguard", "transfer", [&](const auto& table) { value = table.number(key, "in"); });
    return value;
}

}  // namespace

TEST_CASE("rows come, change and go; a reset forgets what was told before") {
    LiveState state;
    take(state, transfer(R"("reset":true,"rows":[["a",1,2],["b",3,4]],"gone":[])"));
    take(state, transfer(R"("rows":[["a",5,6]],"gone":["b"])"));
    CHECK(in_of(state, "a") == 5);
    CHECK_FALSE(in_of(state, "b"));
    take(state, transfer(R"("reset":true,"rows":[["c",7,8]],"gone":[])"));
    CHECK_FALSE(in_of(state, "a"));
    CHECK(state.json("wireguard") ==
          R"({"items":[{"table":"transfer","at":")" + to_string(noon) +
              R"(","columns":["key","in","out"],"rows":[["c",7,8]]}],"next_cursor":null})");
    CHECK(state.json("dns") == R"({"items":[],"next_cursor":null})");
}

TEST_CASE("a status that is no table is none of its business, a malformed one is refused") {
    LiveState state;
    CHECK(state.take("dns", R"({"programs":{"coredns":1}})", noon));
    for (const auto* bad : {"no json", R"({"live":{}})", R"({"live":{"table":"t","columns":[],"rows":[]}})",
                            R"({"live":{"table":"t","columns":["a"]}})",
                            R"({"live":{"table":"t","columns":["a","b"],"rows":[["x"]]}})",
                            R"({"live":{"table":"t","columns":["a"],"rows":[[1]]}})",
                            R"({"live":{"table":"t","columns":["a","b"],"rows":[["x",{}]]}})"}) {
        INFO(bad);
        const auto taken = state.take("dns", bad, noon);
        REQUIRE_FALSE(taken);
        CHECK(taken.error().code == "invalid_field");
    }
}

TEST_CASE("an agent cannot fill the controller's memory") {
    LiveState state;
    for (std::size_t i = 0; i < LiveState::rows_limit; ++i) {
        take(state, transfer(R"("rows":[["k)" + std::to_string(i) + R"(",1,1]],"gone":[])"));
    }
    const auto more = state.take("wireguard", transfer(R"("rows":[["one more",1,1]],"gone":[])"), noon);
    REQUIRE_FALSE(more);
    CHECK(more.error().code == "too_large");
    take(state, transfer(R"("rows":[["k1",9,9]],"gone":[])"));
    CHECK(in_of(state, "k1") == 9);
}

TEST_CASE("the listener hears which table changed") {
    LiveState state;
    std::string heard;
    state.on_change(
        [&](const std::string& service, const std::string& table) { heard += service + "/" + table + " "; });
    take(state, transfer(R"("rows":[],"gone":[])"));
    CHECK(state.take("dns", R"({"programs":{}})", noon));
    CHECK(heard == "wireguard/transfer ");
}

TEST_CASE("a day of what is charted is kept, a point where it changed") {
    const test::TempFolder folder;
    const auto file = folder / "live.db";
    LiveState state;
    const auto minute = [](std::int64_t n) { return Timestamp{noon.ms + n * LiveHistory::step_ms}; };
    {
        LiveHistory history(file);
        take(state, transfer(R"("rows":[["a",1,10]],"gone":[])"));
        history.sample(state, minute(0));
        history.sample(state, minute(1));
        take(state, transfer(R"("rows":[["a",2.5,20]],"gone":[])"));
        history.sample(state, minute(2));
        CHECK(history.series("wireguard", "transfer", "a", "in") ==
              std::vector<core::LivePoint>{{minute(0), 1}, {minute(2), 2.5}});
        CHECK(history.series("wireguard", "transfer", "a", "out").empty());
    }
    LiveHistory again(file);
    CHECK(again.series("wireguard", "transfer", "a", "in").size() == 2);
    again.sample(state, minute(LiveHistory::steps_kept + 1));
    CHECK(again.series("wireguard", "transfer", "a", "in") ==
          std::vector<core::LivePoint>{{minute(2), 2.5}, {minute(LiveHistory::steps_kept + 1), 2.5}});
}

TEST_CASE("a damaged history is made anew") {
    const test::TempFolder folder;
    const auto file = folder / "live.db";
    std::ofstream(file) << std::string(8192, 'x');
    LiveHistory history(file);
    CHECK(history.series("wireguard", "transfer", "a", "in").empty());
}
