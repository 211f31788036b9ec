#include "controller/authority/office.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/cell/cell.hpp"
#include "projections/world.hpp"

namespace pic::authority {
namespace {

const certificates::State& state_of(const World& world) { return world.get<certificates::Service>(); }

/// The intermediate with its key, for one signature.
Result<Made> signer(vault::Vault& vault, const World& world) {
    const auto& authority = state_of(world).authority;
    if (!authority.intermediate || !authority.intermediate_key_ref) {
        return reject("no_authority", "this cell has no certificate authority yet");
    }
    auto key = vault.get(*authority.intermediate_key_ref);
    if (!key) return reject("secret_missing", "the vault does not hold the authority's key any more");
    return Made{*std::move(key), *authority.intermediate};
}

}  // namespace

Result<certificates::MakeAuthority> found(vault::Vault& vault, std::string_view cell_name, Timestamp now) {
    const auto root = make_root(cell_name, now);
    const auto intermediate = make_intermediate(root, cell_name, now);
    std::vector<vault::NewSecret> secrets;
    secrets.push_back({"authority/root_key", root.key.clone()});
    secrets.push_back({"authority/intermediate_key", intermediate.key.clone()});
    auto refs = vault.put_many(secrets);
    if (!refs) return std::unexpected(std::move(refs.error()));
    return certificates::MakeAuthority{root.certificate, intermediate.certificate, (*refs)[0], (*refs)[1]};
}

Result<Granted> certify(vault::Vault& vault, const World& world, Wish wish, Timestamp now) {
    auto ok = certificates::check_names(world, wish.purpose, wish.sans);
    if (ok) ok = certificates::check_subject(world, wish.purpose, wish.subject, wish.sans);
    if (!ok) return std::unexpected(std::move(ok.error()));
    const auto issuer = signer(vault, world);
    if (!issuer) return std::unexpected(issuer.error());
    Order order{wish.purpose,
                wish.subject,
                wish.sans,
                {now.ms - clock_slack_ms},
                // Nothing outlives what signed it.
                std::min(Timestamp{now.ms + wish.lifetime_ms}, validity_of(issuer->certificate).not_after),
                crl_url(world),
                std::move(wish.public_key)};
    auto issued = issue(*issuer, order);
    certificates::Content content{
        wish.purpose,     std::move(wish.service), std::move(wish.subject),  std::move(wish.sans),
        order.not_before, order.not_after,         std::move(issued.serial), std::move(issued.certificate),
        std::nullopt};
    if (issued.key) {
        auto ref = vault.put(fmt::format("certificate/{}/key", to_string(wish.id)), *issued.key);
        if (!ref) return std::unexpected(std::move(ref.error()));
        content.key_ref = *std::move(ref);
    }
    return Granted{{wish.id, std::move(content)}, std::move(issued.key)};
}

bool is_due(const World& world, const certificates::Wanted& wanted, Timestamp now) {
    const auto* certificate = certificates::for_service(world, wanted.service.text);
    if (certificate == nullptr || certificate->content.sans != wanted.names) return true;
    const auto& content = certificate->content;
    return content.not_after.ms - now.ms < (content.not_after.ms - content.not_before.ms) / 3;
}

Result<std::vector<certificates::IssueCertificate>> certify_due(vault::Vault& vault, const World& world,
                                                                Timestamp now,
                                                                const std::function<Uuid()>& new_id) {
    std::vector<certificates::IssueCertificate> commands;
    for (auto& wanted : certificates::wanted_certificates(world)) {
        if (!is_due(world, wanted, now)) continue;
        const auto subject = wanted.names.front();
        auto granted = certify(
            vault, world,
            {new_id(), certificates::Purpose::server, wanted.service, subject, std::move(wanted.names)}, now);
        if (!granted) return std::unexpected(std::move(granted.error()));
        commands.push_back(std::move(granted->command));
    }
    return commands;
}

bool intermediate_is_due(const World& world, Timestamp now) {
    const auto& intermediate = state_of(world).authority.intermediate;
    if (!intermediate) return false;
    const auto [from, until] = validity_of(*intermediate);
    return until.ms - now.ms < (until.ms - from.ms) / 3;
}

Result<certificates::RenewIntermediate> renew_intermediate(vault::Vault& vault, const World& world,
                                                           const std::optional<vault::Secret>& root_key,
                                                           Timestamp now) {
    const auto issuer = signer(vault, world);
    if (!issuer) return std::unexpected(issuer.error());
    const auto& authority = state_of(world).authority;
    if (!root_key && !authority.root_key_ref)
        return reject("root_key_offline", "the root's key is kept elsewhere: bring it along");
    auto key = root_key ? std::optional(root_key->clone()) : vault.get(*authority.root_key_ref);
    if (!key) return reject("secret_missing", "the vault does not hold the root's key any more");
    const auto& name = world.get<cell::Service>().cell.settings.name.text;
    auto made = renew_intermediate(Made{*std::move(key), *authority.root}, issuer->key, name, now);
    if (!made) return std::unexpected(std::move(made.error()));
    return certificates::RenewIntermediate{std::move(made->certificate)};
}

Result<std::string> sign_crl(vault::Vault& vault, const World& world, Timestamp now) {
    const auto issuer = signer(vault, world);
    if (!issuer) return std::unexpected(issuer.error());
    std::vector<Revoked> revoked;
    state_of(world).certificates.for_each([&](const Uuid&, const certificates::Certificate& certificate) {
        if (!certificate.revoked_at || certificate.content.not_after < now) return;
        revoked.push_back({certificate.content.serial, *certificate.revoked_at,
                           certificate.revoked_reason.value_or(certificates::Reason::unspecified)});
    });
    // The number has to rise from list to list, and a list is signed at most once a second.
    const auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ms / 1000, 0));
    return make_crl(*issuer, revoked, number, {now.ms - clock_slack_ms}, {now.ms + crl_lifetime_ms});
}

std::string crl_url(const World& world) {
    return fmt::format("http://pic.{}/api/v1/vault/crl",
                       world.get<cell::Service>().cell.settings.domain.text);
}

}  // namespace pic::authority
