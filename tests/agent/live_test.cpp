// The tables of an adapter: read by its own columns, told by what changed, in messages that the bus takes.
#include <catch2/catch.hpp>
#include <fstream>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "adapters/agent/live.hpp"
#include "agent/support.hpp"
#include "bus/messages.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;
using Json = nlohmann::json;

namespace {

/// An adapter whose one table is a file of the test's.
struct Leases {
    TempFolder folder;
    AdapterSpec spec;
    Values values;
    std::filesystem::path file = folder.path() / "leases";

    explicit Leases(std::string separator = " ") {
        spec.service = "dhcp";
        TableSpec table;
        table.name = "leases";
        table.file = "{folder}/leases";
        table.separator = std::move(separator);
        table.columns = {"mac", "expires", "name"};
        table.numbers = {"expires"};
        spec.tables.push_back(table);
        values["folder"] = folder.path().string();
    }
    void write(const std::string& text) const { std::ofstream(file) << text; }
};

std::vector<Json> told(LiveTables& tables, const Leases& leases) {
    const Runtime runtime(leases.spec, {});
    std::vector<Json> all;
    for (const auto& message : tables.changes(leases.values, runtime))
        all.push_back(Json::parse(message)["live"]);
    return all;
}

}  // namespace

TEST_CASE("a table is told once in full, then by what changed") {
    const Leases leases;
    LiveTables tables(leases.spec.tables);
    CHECK(told(tables, leases).empty());  // no file yet: nothing is known

    LiveTables fresh(leases.spec.tables);
    leases.write("aa  100 laptop\nbb\t200 phone\n");
    auto messages = told(fresh, leases);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0]["reset"] == true);
    CHECK(messages[0]["rows"] == Json::parse(R"([["aa",100,"laptop"],["bb",200,"phone"]])"));
    CHECK(told(fresh, leases).empty());

    leases.write("aa 300 laptop\ncc 400\n");
    messages = told(fresh, leases);
    REQUIRE(messages.size() == 1);
    CHECK_FALSE(messages[0].contains("reset"));
    CHECK(messages[0]["rows"] == Json::parse(R"([["aa",300,"laptop"],["cc",400,""]])"));
    CHECK(messages[0]["gone"] == Json::parse(R"(["bb"])"));

    fresh.forget();
    messages = told(fresh, leases);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0]["reset"] == true);
    CHECK(messages[0]["rows"].size() == 2);
}

TEST_CASE("an empty table is told as empty, and one parted by commas keeps its empty columns") {
    const Leases leases(",");
    LiveTables tables(leases.spec.tables);
    leases.write("");
    CHECK(told(tables, leases).at(0)["rows"].empty());
    leases.write("aa,,some name\n");
    CHECK(told(tables, leases).at(0)["rows"] == Json::parse(R"([["aa","","some name"]])"));
}

TEST_CASE("a row of JSON has its columns where the pointers lead") {
    Leases leases;
    auto& table = leases.spec.tables.front();
    table.separator.clear();
    table.columns = {"size", "to", "why", "state"};
    table.pointers = {"/size", "/recipients/*/address", "/recipients/*/reason", "/state"};
    table.key = {"state", "size"};
    table.words = {{"state", {{"d", "deferred"}, {"-", ""}}}};
    LiveTables tables(leases.spec.tables);
    leases.write(R"([{"size":7,"state":"d","recipients":[{"address":"a"},{"address":"b","reason":"r"}]},)"
                 R"({"state":"-"},{"size":{"not":"a value"}},3])");
    const auto message = told(tables, leases).at(0);
    CHECK(message["columns"] == Json::parse(R"(["id","size","to","why","state"])"));
    CHECK(message["rows"] == Json::parse(R"([["7 deferred",7,["a","b"],["r"],"deferred"]])"));

    leases.write("{\"size\":1,\"state\":\"x\"}\nno JSON\n{\"size\":2}\n");  // an object a line
    CHECK(told(tables, leases).at(0)["rows"] ==
          Json::parse(R"([["1 x",1,null,null,"x"],["2",2,null,null,null]])"));
}

TEST_CASE("a column of times is told as moments, and a key may be any column") {
    Leases leases;
    auto& table = leases.spec.tables.front();
    table.columns = {"until", "mac", "name"};
    table.numbers = {};
    table.times = {"until"};
    table.key = {"mac"};
    table.words = {{"name", {{"*", ""}}}};
    LiveTables tables(leases.spec.tables);
    leases.write("1000 aa laptop\n0 bb *\nsoon cc tv\n");
    CHECK(told(tables, leases).at(0)["rows"] ==
          Json::parse(R"([["aa","1970-01-01T00:16:40.000Z","aa","laptop"],["bb",null,"bb",null],)"
                      R"(["cc",null,"cc","tv"]])"));
}

TEST_CASE("what a reload counts anew is told added up, and what has another prefix not at all") {
    Leases leases;
    auto& table = leases.spec.tables.front();
    table.separator.clear();
    table.rows = "/list";
    table.columns = {"id", "packets"};
    table.pointers = {"/counter/name", "/counter/packets"};
    table.numbers = {};
    table.prefix = "rule-";
    table.totals = {"packets"};
    LiveTables tables(leases.spec.tables);
    const auto counted = [&](const std::string& rows) {
        leases.write(R"({"list":[{"metainfo":1},)" + rows + "]}");
        Json all = Json::array();
        for (const auto& message : told(tables, leases)) all.push_back(message["rows"]);
        return all;
    };
    const auto row = [](std::string_view name, int packets) {
        return fmt::format(R"({{"counter":{{"name":"{}","packets":{}}}}})", name, packets);
    };
    CHECK(counted(row("rule-a", 7) + "," + row("other", 1)) == Json::parse(R"([[["a",7]]])"));
    CHECK(counted(row("rule-a", 9)) == Json::parse(R"([[["a",9]]])"));
    CHECK(counted(row("rule-a", 0)).empty());  // loaded anew: nothing is forgotten
    CHECK(counted(row("rule-a", 2)) == Json::parse(R"([[["a",11]]])"));
    CHECK(counted(row("rule-b", 1)) == Json::parse(R"([[["b",1]]])"));
    CHECK(counted(row("rule-a", 1)) == Json::parse(R"([[["a",1]]])"));  // gone in between: another one

    leases.write("no JSON");
    for (const auto& message : told(tables, leases)) CHECK(message["rows"].empty());
}

TEST_CASE("no message is larger than the bus takes, whatever the table holds") {
    const Leases leases;
    LiveTables tables(leases.spec.tables);
    std::string text;
    for (int i = 0; i < 5000; ++i) text += fmt::format("{:012} {} host-\xff-{}\n", i, i, i);
    leases.write(text);
    const Runtime runtime(leases.spec, {});
    std::size_t rows = 0;
    for (const auto& message : tables.changes(leases.values, runtime)) {
        CHECK(message.size() < bus::status_limit);
        rows += Json::parse(message)["live"]["rows"].size();
    }
    CHECK(rows == 5000);
}
