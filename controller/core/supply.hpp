// The Supply that the daemon uses: the clock, the system's randomness, and the vault for keys. A secret is
// staged in the vault, and the writer commits what a batch staged just before the log's own commit: one fsync
// for all of it, and still vault before log. If the command is refused, the secret is an orphan and is
// collected at the next start.
#pragma once

#include "controller/vault/vault.hpp"
#include "projections/core/supply.hpp"

namespace pic::core {

/// A vault that cannot be written to. Becomes the rejection `vault_unwritable` where the command is prepared.
struct SupplyError : std::runtime_error {
    explicit SupplyError(Rejection why) : std::runtime_error(why.detail), rejection(std::move(why)) {}
    Rejection rejection;
};

/// Milliseconds since the epoch, now.
[[nodiscard]] Timestamp now();
/// A fresh UUIDv7.
[[nodiscard]] Uuid new_uuid();

class VaultSupply final : public Supply {
  public:
    explicit VaultSupply(vault::Vault& vault) : vault_(vault) {}
    [[nodiscard]] Timestamp now() override { return core::now(); }
    [[nodiscard]] Uuid uuid() override { return new_uuid(); }
    [[nodiscard]] std::uint64_t random() override;
    [[nodiscard]] SealedKeyPair wireguard_key_pair(const std::string& subject) override;
    [[nodiscard]] SecretRef preshared_key(const std::string& subject) override;

  private:
    SecretRef seal(const std::string& name, const vault::Secret& secret);
    vault::Vault& vault_;
};

}  // namespace pic::core
