#include "controller/vault/recovery_kit.hpp"

#include <catch2/catch.hpp>

#include "vault/vault_fixture.hpp"

using namespace pic;
using namespace pic::vault;

TEST_CASE("a kit is the master key again, however it is typed, and a slip is found") {
    const auto master = Secret::random(32);
    const auto kit = encode_kit(master);
    std::string typed(kit.reveal());
    CHECK(typed.size() == 4 + 14 * 5);
    CHECK(decode_kit(typed)->equals(master.reveal()));
    for (char& c : typed) c = c == '-' ? ' ' : static_cast<char>(tolower(c));
    CHECK(decode_kit(typed)->equals(master.reveal()));
    for (std::size_t at = 0; at < kit.size(); ++at) {
        std::string slip(kit.reveal());
        if (slip[at] == '-') continue;
        slip[at] = slip[at] == 'A' ? 'B' : 'A';
        INFO(at);
        CHECK_FALSE(decode_kit(slip));
    }
    CHECK_FALSE(decode_kit(""));
    CHECK_FALSE(decode_kit("PIC1"));
    CHECK_FALSE(decode_kit(kit.reveal().substr(0, kit.size() - 1)));
}
