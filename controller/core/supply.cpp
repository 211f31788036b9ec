#include "controller/core/supply.hpp"

#include <sodium.h>

#include <chrono>

#include "controller/vault/keys.hpp"

namespace pic::core {

Timestamp now() {
    using namespace std::chrono;
    return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

Uuid new_uuid() {
    std::array<std::uint8_t, 10> random;
    randombytes_buf(random.data(), random.size());
    return make_uuid7(now(), random);
}

std::uint64_t VaultSupply::random() {
    std::uint64_t value = 0;
    randombytes_buf(&value, sizeof value);
    return value;
}

SecretRef VaultSupply::seal(const std::string& name, const vault::Secret& secret) {
    auto ref = vault_.stage(name, secret);
    if (!ref) throw SupplyError(std::move(ref.error()));
    return *std::move(ref);
}

SealedKeyPair VaultSupply::wireguard_key_pair(const std::string& subject) {
    auto pair = vault::make_wireguard_key_pair();
    auto key = WgKey::parse(pair.public_key);
    if (!key) throw std::logic_error("a key pair was made whose public half is no key");
    return {*key, seal(subject + "/private_key", pair.private_key)};
}

SecretRef VaultSupply::preshared_key(const std::string& subject) {
    return seal(subject + "/preshared_key", vault::make_wireguard_preshared_key());
}

}  // namespace pic::core
