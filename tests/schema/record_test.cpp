#include "schema/record.hpp"

#include <catch2/catch.hpp>

using namespace pic;

namespace {

enum class Colour { red, green };
constexpr std::array<std::string_view, 2> enum_names(Colour) { return {"red", "green"}; }

template <template <class> class F>
struct Thing {
    F<Label> name;
    F<std::optional<Ipv4>> address;
    F<std::vector<Cidr>> routes;
    F<std::uint16_t> port;
    F<Colour> colour;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("address", s.address), field("routes", s.routes),
                          defaulted("port", s.port), field("colour", s.colour));
    }
};

template <class T>
Result<T> parse(std::string text) {
    simdjson::dom::parser parser;
    return from_json<T>(parser.parse(text));
}

}  // namespace

TEST_CASE("a record is read back from the one spelling it is written in") {
    const std::string text =
        R"({"name":"box","address":"10.0.0.1","routes":["10.0.0.0/8","fd00::/64"],"port":80,"colour":"green"})";
    const auto thing = parse<Thing<Plain>>(text);
    REQUIRE(thing);
    CHECK(to_json(*thing) == text);
    const auto shuffled = parse<Thing<Plain>>(
        R"({"colour":"green","port":80,"name":"BOX","routes":["10.0.0.0/8","fd00::/64"],"address":"10.0.0.1"})");
    REQUIRE(shuffled);
    CHECK(to_json(*shuffled) == text);
}

TEST_CASE("every fault is named by its pointer") {
    const auto thing =
        parse<Thing<Plain>>(R"({"name":"a b","address":7,"routes":["10.0.0.0/8","x"],"port":70000})");
    REQUIRE_FALSE(thing);
    CHECK(thing.error().code == "invalid_field");
    std::vector<std::string> pointers;
    for (const auto& e : thing.error().errors) pointers.push_back(e.pointer);
    CHECK(pointers == std::vector<std::string>{"/name", "/address", "/routes/1", "/port", "/colour"});
}

TEST_CASE("a patch keeps, sets and clears, and the difference undoes itself") {
    const auto before = *parse<Thing<Plain>>(
        R"({"name":"box","address":"10.0.0.1","routes":["10.0.0.0/8"],"port":80,"colour":"red"})");
    const auto patch = parse<Thing<Patch>>(R"({"address":null,"port":81})");
    REQUIRE(patch);
    auto after = before;
    apply_patch(after, *patch);
    CHECK(to_json(after) ==
          R"({"name":"box","address":null,"routes":["10.0.0.0/8"],"port":81,"colour":"red"})");
    CHECK(to_json(difference(before, after)) == R"({"address":null,"port":81})");
    auto back = after;
    apply_patch(back, difference(after, before));
    CHECK(to_json(back) == to_json(before));
    CHECK(is_empty(difference(before, before)));
}

TEST_CASE("strings are escaped as RFC 8259 wants") {
    CHECK(to_json(std::string("a\"b\\c\nd\x01\u00e9")) == "\"a\\\"b\\\\c\\nd\\u0001\u00e9\"");
}

TEST_CASE("a secret reference has one spelling") {
    CHECK(parse_secret_ref("peer/1/private_key@12") == SecretRef{"peer/1/private_key", 12});
    for (const char* bad : {"", "@1", "a", "a@", "a@0", "a@1x", "a@-1"}) CHECK_FALSE(parse_secret_ref(bad));
}
