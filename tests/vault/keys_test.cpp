#include "controller/vault/keys.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace pic::vault;

namespace {
std::size_t digit(char c) {
    return std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
}
}  // namespace

TEST_CASE("a WireGuard public key is the one of RFC 7748, section 6.1") {
    const auto bob = Secret::copy_of("XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os=");
    CHECK(wireguard_public_key(bob) == "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=");
}

TEST_CASE("only canonical base64 of 32 bytes is a WireGuard key") {
    for (const char* text :
         {"", "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os", "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Ot=",
          "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4A==", "XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os\n",
          "XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os="}) {
        CHECK_FALSE(wireguard_public_key(Secret::copy_of(text)).has_value());
    }
}

TEST_CASE("key pairs are made as wg makes them: clamped, matching, never twice") {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const WireguardKeyPair pair = make_wireguard_key_pair();
        REQUIRE(pair.private_key.size() == 44);
        CHECK(wireguard_public_key(pair.private_key) == pair.public_key);
        CHECK(seen.insert(pair.public_key).second);
        // Clamped: the first byte ends in 000 (its last two bits lead the second digit), the last one begins
        // with 01.
        CHECK(digit(pair.private_key.reveal()[1]) < 16);
        CHECK((digit(pair.private_key.reveal()[41]) & 0b001100) == 0b000100);
    }
    CHECK(make_wireguard_preshared_key().size() == 44);
    CHECK_FALSE(make_wireguard_preshared_key().equals(make_wireguard_preshared_key().reveal()));
}

TEST_CASE("a signing key signs as RFC 8032, section 7.1, test 1 says") {
    const unsigned char seed[] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                  0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                  0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    const auto key =
        SigningKey::from_seed(Secret::copy_of({reinterpret_cast<const char*>(seed), sizeof seed}));
    REQUIRE(key.has_value());
    CHECK(key->public_key()[0] == 0xd7);
    CHECK(key->public_key()[31] == 0x1a);
    Ed25519Signature signature = key->sign({});
    CHECK(signature[0] == 0xe5);
    CHECK(signature[63] == 0x0b);
    CHECK(ed25519_verify(key->public_key(), {}, signature));
    signature[5] ^= 1;
    CHECK_FALSE(ed25519_verify(key->public_key(), {}, signature));
    CHECK_FALSE(SigningKey::from_seed(Secret(31)).has_value());
    CHECK(SigningKey::from_seed(SigningKey::make_seed()).has_value());
}
