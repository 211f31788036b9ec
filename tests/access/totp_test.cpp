#include "controller/access/totp.hpp"

#include <catch2/catch.hpp>

#include "controller/access/sessions.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::access;
using vault::Secret;

TEST_CASE("codes are those of RFC 6238, of now and its neighbours") {
    const auto secret = Secret::copy_of("12345678901234567890");  // appendix B
    CHECK(base32(secret).reveal() == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    for (const auto& [seconds, code] : {std::pair{59LL, "287082"},
                                        {1111111109LL, "081804"},
                                        {1234567890LL, "005924"},
                                        {20000000000LL, "353130"}}) {
        CAPTURE(seconds);
        const auto step = seconds / 30;
        CHECK(totp_step(secret, code, {seconds * 1000}) == step);
        CHECK(totp_step(secret, code, {seconds * 1000 + 30'000}) == step);
        CHECK(totp_step(secret, code, {seconds * 1000 - 30'000}) == step);
        CHECK_FALSE(totp_step(secret, code, {seconds * 1000 + 90'000}));
    }
    for (const auto* wrong : {"", "28708", "2870822", "28708a", " 287082", "000000"})
        CHECK_FALSE(totp_step(secret, wrong, {59'000}));
}

TEST_CASE("a recovery code is good once, however it is typed") {
    const auto codes = make_recovery_codes();
    REQUIRE(codes.texts.size() == recovery_code_count);
    auto typed = codes.texts[4];
    for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(toupper(c));
    const auto left = use_recovery_code(codes.hashes, typed);
    REQUIRE(left);
    CHECK(left->size() == codes.hashes.size() - sizeof(Digest));
    CHECK_FALSE(use_recovery_code(*left, codes.texts[4]));
    CHECK(use_recovery_code(*left, codes.texts[5]));
    CHECK_FALSE(use_recovery_code(codes.hashes, ""));
    CHECK_FALSE(use_recovery_code(codes.hashes, codes.texts[0].substr(1)));
}

TEST_CASE("a time step is taken once, also after the file was opened anew") {
    const test::TempFolder folder;
    constexpr Timestamp now{1'790'000'000'000};
    {
        const auto sessions = *Sessions::open(folder / "access.db", now);
        CHECK(*sessions->use_step("alice", 100));
        CHECK_FALSE(*sessions->use_step("alice", 100));
        CHECK_FALSE(*sessions->use_step("alice", 99));
        CHECK(*sessions->use_step("bob", 99));
        CHECK(*sessions->use_step("alice", 101));
    }
    const auto sessions = *Sessions::open(folder / "access.db", now);
    CHECK_FALSE(*sessions->use_step("alice", 101));
    CHECK(*sessions->use_step("alice", 102));
}

TEST_CASE("a sign-in is fresh for five minutes and by confirming again") {
    const test::TempFolder folder;
    constexpr Timestamp now{1'790'000'000'000};
    const auto sessions = *Sessions::open(folder / "access.db", now);
    const auto started = sessions->start("alice", "here", now);
    REQUIRE(started);
    const auto id = started->session.id;
    CHECK(sessions->is_fresh(id, {now.ms + session_fresh_ms}));
    CHECK_FALSE(sessions->is_fresh(id, {now.ms + session_fresh_ms + 1}));
    CHECK_FALSE(sessions->is_fresh(id, {now.ms - 1}));
    sessions->confirm(id, {now.ms + session_fresh_ms});
    CHECK(sessions->is_fresh(id, {now.ms + session_fresh_ms + 1}));
    CHECK_FALSE(sessions->is_fresh(Uuid{}, now));
}
