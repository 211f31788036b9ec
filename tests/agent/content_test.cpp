// Bundles in, contents out: pure.
#include <catch2/catch.hpp>

#include "adapters/agent/part.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

std::string code(const Result<Content>& result) { return result ? "" : result.error().code; }

Desired three() {
    Desired desired("x");
    desired.set("a", "1", "one\n").set("a", "2", "two\n").set("b/c", "1", "see\n");
    return desired;
}

}  // namespace

TEST_CASE("a full bundle and then a change give what the controller holds") {
    auto desired = three();
    const auto one = desired.next();
    desired.set("a", "15", "between\n").erase("a", "1").erase("b/c").set("d", "1", "new\n");
    const auto two = desired.next();

    const auto held = advance({}, desired.bundle({}, one));
    REQUIRE(held);
    CHECK(assemble(held->files.at("a")) == "one\ntwo\n");
    const auto change = desired.bundle(one, two);
    CHECK(change.base == Sequence{1});
    const auto moved = advance(*held, change);
    REQUIRE(moved);
    CHECK(moved->revision == two.revision);
    CHECK(assemble(moved->files.at("a")) == "between\ntwo\n");
    CHECK_FALSE(moved->files.contains("b/c"));
    CHECK(assemble(moved->files.at("d")) == "new\n");
    CHECK(assemble(held->files.at("a")) == "one\ntwo\n");  // what was held is as it was
}

TEST_CASE("a part takes back what went before it adds what came") {
    const PartSpec lines{.file = "a", .adds = "add ", .takes_back = "delete ", .argv = {}};
    Desired desired("x");
    desired.set("a", "1", "table\n").set("a", "2", "add two\nadd too\n").set("a", "3", "add three");
    const auto before = desired.next().files.at("a");
    desired.set("a", "2", "add zwei\n").erase("a", "3").set("a", "4", "add four\n");
    const auto now = desired.next().files.at("a");
    CHECK(part_of(lines, before, now) == "delete two\ndelete too\ndelete three\nadd zwei\nadd four\n");
    CHECK(part_of(lines, now, now) == "");
    desired.set("a", "1", "another table\n");
    CHECK(part_of(lines, now, desired.next().files.at("a")) == std::nullopt);
}

TEST_CASE("a bundle that does not fit is refused") {
    auto desired = three();
    const auto one = desired.next();
    const auto two = desired.set("a", "3", "three\n").next();
    const auto three_ = desired.set("a", "4", "four\n").next();
    auto change = desired.bundle(two, three_);
    CHECK(code(advance(one, change)) == "wrong_base");
    CHECK(code(advance({}, change)) == "wrong_base");

    auto altered = desired.bundle(one, two);
    altered.files[0].upserts[0].digest[0] ^= 1;
    CHECK(code(advance(one, altered)) == "wrong_root");

    CHECK(code(advance(two, desired.bundle({}, one))) == "sequence_went_back");
    auto restored = one;
    restored.revision.epoch = Epoch{2};
    CHECK(advance(two, desired.bundle({}, restored)));
    CHECK(code(advance(restored, desired.bundle({}, two))) == "epoch_went_back");

    auto escaping = desired.bundle({}, one);
    escaping.files[0].path = "../a";
    CHECK(code(advance({}, escaping)) == "bad_path");
}

TEST_CASE("paths that leave the folder, or hide in it, are not safe") {
    for (const auto* path : {"a", "a/b", "zones/home.example.zone", "A-1_b.c"}) CHECK(is_safe_path(path));
    for (const auto* path : {"", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", ".a", "a/.b", "a b", "a\nb",
                             "a\\b", "\xc3\xa9"}) {
        CHECK_FALSE(is_safe_path(path));
    }
    CHECK_FALSE(is_safe_path(std::string(256, 'a')));
}

TEST_CASE("the difference of two contents holds what differs and nothing else") {
    auto desired = three();
    const auto one = desired.next();
    const auto two = desired.set("a", "2", "TWO\n").next();
    const auto bundle = desired.bundle(one, two);
    REQUIRE(bundle.files.size() == 1);
    REQUIRE(bundle.files[0].upserts.size() == 1);
    CHECK(bundle.files[0].upserts[0].text == "TWO\n");
    CHECK(bundle.files[0].removals.empty());
}
