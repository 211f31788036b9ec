#include "controller/access/access_log.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::access;

namespace {

AccessEntry entry(std::string kind, std::string actor, std::int64_t at) {
    return {0, {at}, std::move(kind), std::move(actor), "192.0.2.1", "r1", "why"};
}

}  // namespace

TEST_CASE("the access log is read newest first, by pages and by who and what") {
    const test::TempFolder folder;
    const auto log = *AccessLog::open(folder / "access-log.db");
    for (int i = 0; i < 5; ++i)
        log->record(entry(i % 2 == 0 ? "signed_in" : "refused", i < 3 ? "user:alice" : "user:bob", 1000 + i));
    const auto first = log->read(0, 2, {});
    REQUIRE(first.size() == 2);
    CHECK(first[0].at.ms == 1004);
    const auto second = log->read(first.back().id, 10, {});
    REQUIRE(second.size() == 3);
    CHECK(second.back().at.ms == 1000);
    CHECK(log->read(0, 10, {"signed_in", "user:alice", "", "", {}, {}}).size() == 2);
    CHECK(log->read(0, 10, {"", "", "", "", Timestamp{1002}, Timestamp{1003}}).size() == 2);
}

TEST_CASE("a flood of strangers is written at a bounded rate and counted") {
    const test::TempFolder folder;
    const auto log = *AccessLog::open(folder / "access-log.db");
    for (int i = 0; i < 1000; ++i) log->record_refusal(entry("sign_in_refused", "user:admin", 5000));
    CHECK(log->read(0, 1000, {}).size() == refusals_a_second);
    log->record_refusal(entry("sign_in_refused", "user:admin", 6000));
    CHECK_THAT(log->read(0, 1, {}).front().detail, Catch::Contains("990 more"));
}

TEST_CASE("what strangers say is cut and printable, and the log goes on after a restart") {
    const test::TempFolder folder;
    {
        const auto log = *AccessLog::open(folder / "access-log.db");
        log->record(entry("sign_in_refused", std::string(5000, 'x'), 1));
        log->record(entry("sign_in_refused", "a\nb", 2));
    }
    const auto log = *AccessLog::open(folder / "access-log.db");
    const auto entries = log->read(0, 10, {});
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].actor == "(unprintable)");
    CHECK(entries[1].actor.size() == 300);
}

TEST_CASE("a token's last use is known at once, and after a restart to the minute") {
    const test::TempFolder folder;
    const auto token = *parse_uuid("00000000-0000-7000-8000-000000000001");
    {
        const auto log = *AccessLog::open(folder / "access-log.db");
        CHECK_FALSE(log->last_use(token));
        log->used(token, Timestamp{1'000'000}, "192.0.2.1");
        log->used(token, Timestamp{1'000'000 + token_use_touch_ms - 1}, "192.0.2.1");
        CHECK(log->last_use(token)->at.ms == 1'000'000 + token_use_touch_ms - 1);
    }
    const auto log = *AccessLog::open(folder / "access-log.db");
    CHECK(log->last_use(token)->at.ms == 1'000'000);
    CHECK(log->last_use(token)->source == "192.0.2.1");
    log->used(token, Timestamp{1'000'001}, "local");  // from somewhere else: written at once
    CHECK((*AccessLog::open(folder / "access-log.db"))->last_use(token)->source == "local");
}

TEST_CASE("the access log is read forward too, without those that were left behind") {
    const test::TempFolder folder;
    const auto log = *AccessLog::open(folder / "access-log.db");
    for (int i = 0; i < 5; ++i)
        log->record(entry(i % 2 == 0 ? "refused" : "signed_in", "user:alice", 1000 + i));
    const auto first = log->read_forward(0, 2, {});
    REQUIRE(first.size() == 2);
    CHECK(first.front().at.ms == 1000);
    CHECK(log->read_forward(first.back().id, 10, {}).size() == 3);
    CHECK(log->read_forward(0, 10, {"refused", "", "", "", {}, {}}).size() == 3);
    CHECK(log->read_forward(0, 10, {"", "", "nowhere", "", {}, {}}).empty());
}
