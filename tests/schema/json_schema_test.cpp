#include "schema/json_schema.hpp"

#include <simdjson.h>

#include <catch2/catch.hpp>

#include "schema/openapi.hpp"

using namespace pic;

namespace {

class Checker {
  public:
    explicit Checker(std::string_view schema)
        : set_(R"({"schema":)" + std::string(schema) + "}"), schema_(set_.at("/schema")) {}

    std::vector<FieldError> operator()(std::string_view json) {
        const auto value = parse_json(parser_, json);
        REQUIRE(value.has_value());
        return validate(schema_, *value);
    }

  private:
    SchemaSet set_;
    const Schema& schema_;
    simdjson::dom::parser parser_;
};

std::vector<std::string> pointers(const std::vector<FieldError>& errors) {
    std::vector<std::string> found;
    for (const auto& error : errors) found.push_back(error.pointer);
    return found;
}

using Pointers = std::vector<std::string>;

}  // namespace

TEST_CASE("a schema asks for types") {
    Checker check(
        R"({"type":"object","properties":{"s":{"type":"string"},"i":{"type":"integer"},"n":{"type":"number"},
        "b":{"type":"boolean"},"a":{"type":"array"},"o":{"type":"object"},"z":{"type":["string","null"]}}})");
    CHECK(check(R"({"s":"x","i":1,"n":1.5,"b":true,"a":[],"o":{},"z":null})").empty());
    CHECK(check(R"({"n":1})").empty());
    CHECK(pointers(check(R"({"s":1,"i":1.5,"n":"1","b":0,"a":{},"o":[],"z":false})")) ==
          Pointers{"/s", "/i", "/n", "/b", "/a", "/o", "/z"});
    CHECK(check("[]").front().detail == "must be an object");
    CHECK(check(R"({"z":1})").front().detail == "must be a string or null");
}

TEST_CASE("unknown, missing and repeated fields are refused") {
    Checker check(
        R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"b/c~":{"type":"integer"}}})");
    CHECK(check(R"({"a":1,"b/c~":2})").empty());
    CHECK(pointers(check(R"({"a":1,"x":1})")) == Pointers{"/x"});
    CHECK(pointers(check("{}")) == Pointers{"/a"});
    CHECK(pointers(check(R"({"a":1,"a":2})")) == Pointers{"/a"});
    CHECK(pointers(check(R"({"a":1,"b/c~":"x"})")) == Pointers{"/b~1c~0"});
}

TEST_CASE("open objects take other fields, once each") {
    Checker any(R"({"type":"object","additionalProperties":true})");
    CHECK(any(R"({"x":{"y":[1]},"z":null})").empty());
    CHECK(pointers(any(R"({"x":1,"x":2})")) == Pointers{"/x"});
    CHECK(pointers(any("{\"a\\nb\":1}")) == Pointers{"/a\nb"});
    Checker numbers(R"({"type":"object","additionalProperties":{"type":"integer"},"maxProperties":2})");
    CHECK(pointers(numbers(R"({"x":"1"})")) == Pointers{"/x"});
    CHECK(pointers(numbers(R"({"x":1,"y":1,"z":1})")) == Pointers{"/z"});
}

TEST_CASE("strings: length in characters, choices, formats") {
    Checker length(R"({"type":"string","minLength":2,"maxLength":3})");
    CHECK(length(R"("äöü")").empty());
    CHECK(length(R"("ä")").size() == 1);
    CHECK(length(R"("abcd")").front().detail == "must have at most 3 characters");
    Checker choice(R"({"type":"string","enum":["a","b"]})");
    CHECK(choice(R"("a")").empty());
    CHECK(choice(R"("c")").front().detail == "must be one of: a, b");
    Checker address(R"({"type":"string","format":"ipv4"})");
    CHECK(address(R"("10.0.0.1")").empty());
    CHECK(address(R"("10.0.0.256")").size() == 1);
}

TEST_CASE("a string cannot smuggle a line break or a control character") {
    Checker check(R"({"type":"string"})");
    for (const auto* bad : {R"("a\nb")", R"("a\rb")", R"("\u0000")", R"("\u001b[0m")", R"("\u007f")",
                            R"("\u0085")", R"("\u2028")", R"("x\u2029")", R"("\t")"}) {
        INFO(bad);
        CHECK(check(bad).size() == 1);
    }
    CHECK(check(R"("grüß dich, 世界 \u00a0 \u2027 \u202a")").empty());
    Checker text(R"({"type":"string","x-multiline":true})");
    CHECK(text(R"("a\r\n\tb")").empty());
    CHECK(text(R"("a\u0000b")").size() == 1);
}

TEST_CASE("numbers have bounds") {
    Checker check(R"({"type":"integer","minimum":1,"maximum":65535})");
    CHECK(check("1").empty());
    CHECK(check("65535").empty());
    CHECK(check("0").front().detail == "must be between 1 and 65535");
    CHECK(check("65536").size() == 1);
    CHECK(check("1.0").size() == 1);
}

TEST_CASE("lists: entries, count, no entry twice") {
    Checker check(
        R"({"type":"array","minItems":1,"maxItems":2,"uniqueItems":true,"items":{"type":"string"}})");
    CHECK(check(R"(["a","b"])").empty());
    CHECK(pointers(check("[]")) == Pointers{""});
    CHECK(pointers(check(R"(["a","b","c"])")) == Pointers{""});
    CHECK(pointers(check(R"(["a","a"])")) == Pointers{"/1"});
    CHECK(pointers(check(R"(["a",1])")) == Pointers{"/1"});
}

TEST_CASE("a discriminator chooses the branch") {
    Checker check(R"({"discriminator":{"propertyName":"type"},"oneOf":[
        {"type":"object","required":["type","x"],"properties":{"type":{"const":"A"},"x":{"type":"integer"}}},
        {"type":"object","required":["type"],"properties":{"type":{"const":"B"}}}]})");
    CHECK(check(R"({"type":"A","x":1})").empty());
    CHECK(check(R"({"type":"B"})").empty());
    CHECK(pointers(check(R"({"type":"B","x":1})")) == Pointers{"/x"});
    CHECK(pointers(check(R"({"type":"C"})")) == Pointers{"/type"});
    CHECK(pointers(check("{}")) == Pointers{"/type"});
    CHECK(pointers(check(R"({"type":1})")) == Pointers{"/type"});
}

TEST_CASE("a refusal names a bounded number of faults") {
    Checker check(R"({"type":"array","items":{"type":"string"}})");
    std::string list = "[1";
    for (int i = 0; i < 1000; ++i) list += ",1";
    CHECK(check(list + "]").size() == field_error_limit);
}

TEST_CASE("what is no JSON, or too deep, is malformed") {
    simdjson::dom::parser parser;
    for (const auto* bad : {"", " ", "{", "{}x", "{'a':1}", "\"\xff\"", "[1,]", "nul", "\"a\nb\""}) {
        INFO(bad);
        const auto value = parse_json(parser, bad);
        REQUIRE_FALSE(value.has_value());
        CHECK(value.error().code == "malformed_json");
    }
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(parse_json(parser, nested(json_depth_limit - 1)).has_value());
    CHECK_FALSE(parse_json(parser, nested(json_depth_limit + 1)).has_value());
    CHECK_FALSE(parse_json(parser, nested(200'000)).has_value());
    CHECK(parse_json(parser, "{}").has_value());
}

TEST_CASE("texts are read as the type that is asked for") {
    SchemaSet set(
        R"({"n":{"type":"integer","minimum":1,"maximum":1000},"b":{"type":"boolean"},"s":{"type":"string","format":"uuid"}})");
    CHECK(validate_text(set.at("/n"), "?limit", "100").empty());
    for (const auto* bad : {"", "0", "1001", "1e2", "-1", "0x10", " 1", "1.0", "99999999999999999999"}) {
        INFO(bad);
        CHECK(validate_text(set.at("/n"), "?limit", bad).size() == 1);
    }
    CHECK(validate_text(set.at("/b"), "?dry_run", "true").empty());
    CHECK(validate_text(set.at("/b"), "?dry_run", "1").size() == 1);
    CHECK(validate_text(set.at("/s"), "id", "0190b0a0-0000-7000-8000-000000000000").empty());
    CHECK(validate_text(set.at("/s"), "id", "x").front().pointer == "id");
}

TEST_CASE("a schema outside the subset does not compile") {
    for (const auto* bad : {R"({"type":"strin"})", R"({"pattern":"a*"})", R"({"format":"colour"})",
                            R"({"allOf":[]})", R"({"$ref":"other.json"})", R"({"$ref":"#/nowhere"})",
                            R"({"oneOf":[{"type":"object"}]})", R"({"required":["x"]})"}) {
        INFO(bad);
        SchemaSet set(R"({"schema":)" + std::string(bad) + "}");
        CHECK_THROWS(set.at("/schema"));
    }
}

TEST_CASE("a schema may refer to itself") {
    SchemaSet set(R"({"tree":{"type":"object","properties":{"child":{"$ref":"#/tree"}}}})");
    simdjson::dom::parser parser;
    CHECK(validate(set.at("/tree"), *parse_json(parser, R"({"child":{"child":{}}})")).empty());
    CHECK(pointers(validate(set.at("/tree"), *parse_json(parser, R"({"child":{"child":{"x":1}}})"))) ==
          Pointers{"/child/child/x"});
}

TEST_CASE("every schema of the document is within the subset, and judges a command") {
    SchemaSet set(openapi_json());
    const auto& change = set.at("/components/schemas/ChangeSet");
    simdjson::dom::parser parser;
    const auto judge = [&](std::string_view json) {
        return pointers(validate(change, *parse_json(parser, json)));
    };
    CHECK(judge(R"({"commands":[{"type":"AddPeer","data":{"name":"laptop"}}],"note":"new"})") == Pointers{});
    CHECK(judge(R"({"commands":[{"type":"AddPeer","data":{"name":"lap top","x":1}}]})") ==
          Pointers{"/commands/0/data/name", "/commands/0/data/x"});
    CHECK(judge(R"({"commands":[]})") == Pointers{"/commands"});
    CHECK(judge(R"({"commands":[{"type":"AddPeer"}]})") == Pointers{"/commands/0/data"});
}
