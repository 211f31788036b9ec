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
    CHECK(log->read(0, 10, {"signed_in", "user:alice", {}, {}}).size() == 2);
    CHECK(log->read(0, 10, {"", "", Timestamp{1002}, Timestamp{1003}}).size() == 2);
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
