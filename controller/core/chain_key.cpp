#include "controller/core/chain_key.hpp"

#include <span>

#include "controller/vault/keys.hpp"

namespace pic::core {
namespace {

constexpr std::string_view signing_key_name = "log/signing_key";

}  // namespace

Result<ChainKey> chain_key(vault::Vault& vault) {
    auto ref = vault.newest(signing_key_name);
    if (!ref) {
        auto made = vault.put(signing_key_name, vault::SigningKey::make_seed());
        if (!made) return std::unexpected(std::move(made.error()));
        ref = *made;
    }
    const auto seed = vault.get(*ref);
    if (!seed || seed->size() != sizeof(log::Seed))
        return reject("vault_damaged", "the vault's key that signs the log is damaged");
    ChainKey key;
    key.signer = log::make_ed25519_signer(
        std::span<const std::uint8_t, sizeof(log::Seed)>(seed->data(), sizeof(log::Seed)));
    key.trusted.push_back({key.signer->public_key(), Sequence{1}, std::nullopt});
    return key;
}

}  // namespace pic::core
