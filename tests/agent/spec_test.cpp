// adapter.json, and the small pure parts beside it.
#include <catch2/catch.hpp>

#include "adapters/agent/dns_probe.hpp"
#include "adapters/agent/interface.hpp"
#include "adapters/agent/seed.hpp"
#include "adapters/agent/steps.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;

namespace {

std::string why_bad(const std::string& json) {
    const auto spec = parse_adapter(json);
    return spec ? "" : spec.error().detail;
}

}  // namespace

TEST_CASE("the adapters of this tree are read") {
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(PIC_SOURCE_DIR "/adapters")) {
        if (!std::filesystem::exists(entry.path() / "adapter.json")) continue;
        const auto spec = load_adapter(entry.path() / "adapter.json");
        INFO((spec ? "" : spec.error().detail));
        REQUIRE(spec);
        CHECK(spec->service == entry.path().filename());
        CHECK(!spec->probe.empty());
        ++seen;
    }
    CHECK(seen >= 2);
}

TEST_CASE("an adapter that says what nobody understands is refused, with the place") {
    CHECK(why_bad(R"({"service": "x", "live": "disk"})").empty());
    CHECK(why_bad(R"({"service": "x", "live": "disk", "validat": []})") == "/validat is not known");
    CHECK(why_bad(R"({"live": "disk"})") == "/service is missing");
    CHECK(why_bad(R"({"service": "x", "live": "moon"})") == "/live is neither disk nor memory");
    CHECK(why_bad(R"({"service": "x", "live": "disk", "probe": [{"kind": "guess", "name": "n"}]})") ==
          "/probe/0/kind is not known");
    CHECK(why_bad(R"({"service": "x", "live": "disk", "probe": [{"kind": "run", "name": "n"}]})") ==
          "/probe/0/argv is missing");
    CHECK(
        why_bad(
            R"({"service": "x", "live": "disk", "reload": [{"kind": "run", "name": "n", "argv": ["a"], "sever": ""}]})") ==
        "/reload/0/sever is not known");
    CHECK(!why_bad("{").empty());
}

TEST_CASE("templates are filled, and a name without a value is an error") {
    const Values values{{"live", "/run/x"}, {"port", "53"}};
    CHECK(*fill("{live}/Corefile", values) == "/run/x/Corefile");
    CHECK(*fill("a{port}{port}", values) == "a5353");
    CHECK(*fill("{", values) == "{");
    CHECK(fill("{other}", values).error().code == "unknown_parameter");
}

TEST_CASE("a file's names stand between @, and what is no name stays") {
    const Values values{{"live", "/run/x"}, {"port", "53"}};
    CHECK(*fill_file("root @live@/a; listen @port@;", values) == "root /run/x/a; listen 53;");
    CHECK(*fill_file("@port@@port@", values) == "5353");
    for (const auto* same : {"", "@", "a@b.example c@d.example", "handle @name {", "x@", "@@", "@A@"}) {
        CHECK(*fill_file(same, values) == same);
    }
    CHECK(fill_file("@other@", values).error().code == "unknown_parameter");
}

TEST_CASE("what is planted is made once and leads nowhere else") {
    const pic::test::TempFolder folder;
    const auto& root = folder.path();
    CHECK(plant(root, "spaces/alice/", ""));
    CHECK(plant(root, "calendars/alice/own/.props", "{}"));
    CHECK(std::filesystem::is_directory(root / "spaces/alice"));
    CHECK(std::filesystem::file_size(root / "calendars/alice/own/.props") == 2);
    CHECK(plant(root, "calendars/alice/own/.props", "another"));
    CHECK(std::filesystem::file_size(root / "calendars/alice/own/.props") == 2);
    std::filesystem::create_directory_symlink("/tmp", root / "spaces/link");
    for (const auto* elsewhere : {"../x", "a/../../x", "/etc/x", "spaces/link/x", "..", "a//b", "./x"}) {
        INFO(elsewhere);
        CHECK_FALSE(plant(root, elsewhere, ""));
    }
}

TEST_CASE("a step is concerned by the changes that it names") {
    StepSpec step;
    CHECK(concerns(step, {"anything"}));
    step.when = {"zones/*", "parameters/mtu"};
    CHECK(concerns(step, {"Corefile", "zones/a.zone"}));
    CHECK(concerns(step, {"parameters/mtu"}));
    CHECK_FALSE(concerns(step, {"Corefile", "zones/a/b", "parameters/addresses"}));
    CHECK_FALSE(concerns(step, {}));
}

TEST_CASE("a report shows no key and has a bound") {
    const auto key = agent::test::key_of("secret");
    CHECK(presentable("Key is not right: `" + key + "'") == "Key is not right: `<key>'");
    CHECK(presentable("see /usr/share/some/rather/long/path/to/a/file/somewhere.conf") ==
          "see /usr/share/some/rather/long/path/to/a/file/somewhere.conf");
    CHECK(presentable(std::string(10'000, '-')).size() == report_detail_limit);
}

TEST_CASE("networks are spelled as ip(8) spells them") {
    CHECK(canonical_network("10.8.0.1/24") == "10.8.0.1/24");
    CHECK(canonical_network("FD00:0:0:0::1/64") == "fd00::1/64");
    for (const auto* bad : {"", "10.8.0.1", "10.8.0.1/33", "10.8.0.1/", "10.8.0.1/x", "fd00::1/129", "x/8"}) {
        CHECK(canonical_network(bad).empty());
    }
}

TEST_CASE("a SOA query, and the serial in an answer") {
    const auto query = soa_query(7, "home.example.");
    REQUIRE(query);
    CHECK(query->size() == 12 + 14 + 4);
    CHECK_FALSE(soa_query(7, ""));
    CHECK_FALSE(soa_query(7, "a..b"));
    CHECK_FALSE(soa_query(7, std::string(64, 'a')));

    std::string answer = *query;
    answer[2] = static_cast<char>(0x84);
    answer[7] = 1;
    using namespace std::string_literals;
    answer += "\xc0\x0c\x00\x06\x00\x01\x00\x00\x01\x2c\x00\x18\x02ns\xc0\x0c\xc0\x0c\x00\x00\x01\x02"s;
    CHECK(soa_serial(7, answer) == 258U);
    CHECK_FALSE(soa_serial(8, answer));
    for (std::size_t length = 0; length < answer.size(); ++length) {
        CHECK_FALSE(soa_serial(7, std::string_view(answer).substr(0, length)));
    }
    answer[3] = 5;
    CHECK(soa_serial(7, answer).error().detail == "the server says REFUSED");
}
