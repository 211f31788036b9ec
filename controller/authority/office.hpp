// The authority at work: keys come out of the vault for the moment of a signature, new ones go into it before
// any command speaks of them. What the log should hold comes back as a command; deciding it is the domain's.
#pragma once

#include <functional>

#include "controller/authority/x509.hpp"
#include "controller/vault/vault.hpp"

namespace pic {
class World;
}

namespace pic::authority {

/// Makes root and intermediate and seals their keys. Rejection vault_unwritable.
[[nodiscard]] Result<certificates::MakeAuthority> found(vault::Vault& vault, std::string_view cell_name,
                                                        Timestamp now);

/// A certificate somebody would like.
struct Wish {
    Uuid id;
    certificates::Purpose purpose = certificates::Purpose::server;
    std::optional<Label> service;
    std::string subject;
    std::vector<std::string> sans;
    std::int64_t lifetime_ms = leaf_lifetime_ms;
    std::optional<std::string> public_key = {};  ///< from a request
};
struct Granted {
    certificates::IssueCertificate command;
    std::optional<vault::Secret> key;  ///< sealed too, as "certificate/<id>/key"
};
/// Checks the names, signs, seals the key. Rejections: no_authority, name_not_allowed, secret_missing,
/// vault_unwritable.
[[nodiscard]] Result<Granted> certify(vault::Vault& vault, const World& world, Wish wish, Timestamp now);

/// Whether a service's certificate is to be replaced: there is none, its names are others, a third of its
/// life is left.
[[nodiscard]] bool is_due(const World& world, const certificates::Wanted& wanted, Timestamp now);
/// The certificates of the cell's own services that are due.
[[nodiscard]] Result<std::vector<certificates::IssueCertificate>> certify_due(
    vault::Vault& vault, const World& world, Timestamp now, const std::function<Uuid()>& new_id);

/// Whether a third of the intermediate's life is left, or less.
[[nodiscard]] bool intermediate_is_due(const World& world, Timestamp now);
/// A new certificate for the intermediate's own key, by the root's key: `root_key` (PKCS#8 PEM, from where it
/// is kept), or the vault's. Rejections: no_authority, root_key_offline, root_key_wrong, secret_missing.
[[nodiscard]] Result<certificates::RenewIntermediate> renew_intermediate(
    vault::Vault& vault, const World& world, const std::optional<vault::Secret>& root_key, Timestamp now);

inline constexpr std::int64_t crl_lifetime_ms = 7 * day_ms;
/// The list of what is revoked and has not expired yet, as DER. Rejections: no_authority, secret_missing.
[[nodiscard]] Result<std::string> sign_crl(vault::Vault& vault, const World& world, Timestamp now);

/// Where a certificate says that the list is: on the cell's own name, over plain HTTP as RFC 5280 has it.
[[nodiscard]] std::string crl_url(const World& world);

}  // namespace pic::authority
