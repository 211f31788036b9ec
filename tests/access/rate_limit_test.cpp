#include "controller/access/rate_limit.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace pic;
using namespace pic::access;

namespace {
constexpr std::int64_t second = 1000;
Timestamp at(std::int64_t ms) { return {1'790'000'000'000 + ms}; }
}  // namespace

TEST_CASE("of 10,000 tries at most 20 are evaluated") {
    SignInLimiter limiter;
    int evaluated = 0;
    std::int64_t now = 0;
    SECTION("from one address, on one account, for a quarter of an hour") {
        for (int i = 0; i < 10'000; ++i) evaluated += !limiter.refuse("192.0.2.1", "admin", at(now += 90));
    }
    SECTION("from one address, on ever new accounts") {
        for (int i = 0; i < 10'000; ++i) {
            evaluated += !limiter.refuse("192.0.2.1", "user" + std::to_string(i), at(now += 90));
        }
    }
    SECTION("from ever new addresses, on one account") {
        for (int i = 0; i < 10'000; ++i) {
            evaluated += !limiter.refuse("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250),
                                         "admin", at(now += 90));
        }
    }
    SECTION("from the addresses of one IPv6 network") {
        for (int i = 0; i < 10'000; ++i) {
            evaluated += !limiter.refuse("2001:db8:1:2:" + std::to_string(i % 5000) + "::1",
                                         "u" + std::to_string(i), at(now += 90));
        }
    }
    SECTION("all at once, before any is known to have failed") {
        for (int i = 0; i < 10'000; ++i) evaluated += !limiter.refuse("192.0.2.1", "admin", at(0));
    }
    CHECK(evaluated >= 5);
    CHECK(evaluated <= 20);
}

TEST_CASE("the wait doubles, up to a bound, and is told in seconds") {
    SignInLimiter limiter;
    std::int64_t now = 0;
    for (std::uint32_t i = 0; i < sign_in_free_tries; ++i)
        CHECK_FALSE(limiter.refuse("192.0.2.1", "admin", at(now)));
    for (const std::int64_t wait : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
        CHECK(limiter.refuse("192.0.2.1", "admin", at(now)) == wait);
        CHECK(limiter.refuse("192.0.2.1", "admin", at(now + wait * second - 1)) == 1);
        now += wait * second;
        CHECK_FALSE(limiter.refuse("192.0.2.1", "admin", at(now)));
    }
}

TEST_CASE("neither waiting nor being refused makes it worse, and silence is forgiven") {
    SignInLimiter limiter;
    for (std::uint32_t i = 0; i < sign_in_free_tries + 1; ++i)
        (void)limiter.refuse("192.0.2.1", "admin", at(0));
    for (int i = 0; i < 100; ++i) CHECK(limiter.refuse("192.0.2.1", "admin", at(0)) == 1);
    CHECK_FALSE(limiter.refuse("192.0.2.1", "admin", at(second)));
    CHECK(limiter.refuse("192.0.2.1", "admin", at(second)) == 2);
    const std::int64_t later = second + sign_in_forget_ms + 1;
    for (std::uint32_t i = 0; i < sign_in_free_tries; ++i)
        CHECK_FALSE(limiter.refuse("192.0.2.1", "admin", at(later)));
}

TEST_CASE("a success gives the account back, and to the address its one try") {
    SignInLimiter limiter;
    for (int i = 0; i < 100; ++i) {
        REQUIRE_FALSE(limiter.refuse("192.0.2.1", "admin", at(i)));
        limiter.succeeded("192.0.2.1", "admin", at(i));
    }
    for (std::uint32_t i = 0; i < sign_in_free_tries; ++i)
        CHECK_FALSE(limiter.refuse("192.0.2.1", "x", at(200)));
    CHECK(limiter.refuse("192.0.2.1", "x", at(200)).has_value());
    CHECK(limiter.refuse("192.0.2.1", "admin", at(200)).has_value());
}

TEST_CASE("strangers who hammer an account do not lock its owner out") {
    SignInLimiter limiter;
    REQUIRE_FALSE(limiter.refuse("192.0.2.7", "admin", at(0)));
    limiter.succeeded("192.0.2.7", "admin", at(0));
    for (int i = 0; i < 1000; ++i)
        (void)limiter.refuse("10.1.0." + std::to_string(i % 250), "admin", at(i * second));
    CHECK(limiter.refuse("192.0.2.8", "admin", at(1000 * second)).has_value());
    CHECK_FALSE(limiter.refuse("192.0.2.7", "admin", at(1000 * second)));
}

TEST_CASE("memory is bounded, whatever strangers send") {
    SignInLimiter limiter;
    for (std::size_t i = 0; i < sign_in_keys_limit; ++i) {
        const std::string number = std::to_string(i);
        (void)limiter.refuse("10." + std::to_string(i / 62500) + "." + std::to_string(i / 250 % 250) + "." +
                                 std::to_string(i % 250),
                             number + std::string(1000, 'x'), at(0));
    }
    CHECK(limiter.size() == sign_in_keys_limit);
}

TEST_CASE("a clock set back does not turn minutes into years") {
    SignInLimiter limiter;
    for (int i = 0; i < 12; ++i) (void)limiter.refuse("192.0.2.1", "admin", at(i * 100 * second));
    const auto wait = limiter.refuse("192.0.2.1", "admin", Timestamp{0});
    REQUIRE(wait.has_value());
    CHECK(*wait <= sign_in_longest_wait_ms / 1000);
}

TEST_CASE("addresses are grouped by what one customer has") {
    CHECK(address_group("192.0.2.1") == "192.0.2.1");
    CHECK(address_group("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(address_group("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    CHECK(address_group("2001:db8:1:2::9") == "2001:db8:1:2::/64");
    CHECK(address_group("unix") == "unix");
}
