// Which names requests may be addressed to.
#include <catch2/catch.hpp>

#include "controller/http/hosts.hpp"
#include "http/fixture.hpp"

using namespace pic::http;
using namespace pic::http::test;

TEST_CASE("an address that is not this host's is foreign, unless the daemon sits behind a published port") {
    const FakeGatekeeper gatekeeper;
    Hosts plain({"configured.example"}, gatekeeper);
    CHECK_FALSE(plain.knows("192.0.2.7:8081"));
    CHECK(plain.knows("configured.example"));
    Hosts published({"configured.example", std::string(any_address)}, gatekeeper);
    CHECK(published.knows("192.0.2.7:8081"));
    CHECK(published.knows("[2001:db8::7]:8081"));
    CHECK(published.knows("configured.example"));
    for (const auto* foreign :
         {"any-address", "evil.example", "192.0.2.7.evil.example", "192.0.2", "0x7f000001"}) {
        CAPTURE(foreign);
        CHECK_FALSE(published.knows(foreign));
    }
}
