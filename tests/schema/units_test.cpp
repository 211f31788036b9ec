#include "schema/units.hpp"

#include <catch2/catch.hpp>

using namespace pic;

TEST_CASE("timestamps have one spelling and survive the round trip") {
    const Timestamp t{1795467600123};
    CHECK(to_string(t) == "2026-11-23T21:00:00.123Z");
    CHECK(parse_timestamp("2026-11-23T21:00:00.123Z") == t);
    for (const char* bad :
         {"", "2026-11-23T21:00:00Z", "2026-11-23T21:00:00.123+00:00", "2026-02-30T00:00:00.000Z",
          "2026-11-23T24:00:00.000Z", "2026-11-23 21:00:00.123Z"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_timestamp(bad));
    }
}

TEST_CASE("a UUIDv7 carries its time and has one spelling") {
    const auto id = make_uuid7(Timestamp{0x0192f3a47c1e}, {0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7});
    CHECK(to_string(id) == "0192f3a4-7c1e-7fff-bf01-020304050607");
    CHECK(parse_uuid(to_string(id)) == id);
    CHECK_FALSE(parse_uuid("0192F3A4-7C1E-7FFF-BF01-020304050607"));
    CHECK_FALSE(parse_uuid("0192f3a47c1e7fffbf01020304050607"));
}

TEST_CASE("digests are 64 lower-case hexadecimal characters") {
    Digest digest{};
    digest[0] = 0xab;
    CHECK(parse_digest(to_hex(digest)) == digest);
    CHECK_FALSE(parse_digest("AB" + std::string(62, '0')));
    CHECK_FALSE(parse_digest("ab"));
}
