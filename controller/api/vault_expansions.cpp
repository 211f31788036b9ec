// The commands of the certificate authority: keys are made and signatures given here, before the command is
// decided.
#include <fmt/format.h>

#include "controller/api/expansion.hpp"
#include "controller/authority/office.hpp"
#include "projections/cell/cell.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

constexpr std::int64_t days_default = 90;

/// A dry run shows what would be decided; nothing is signed and no key is made.
const CertificateDer unsigned_certificate{"MAA="};

Result<void> make_authority(Expansion& e) {
    const auto world = e.with.cell.world();
    // Asked before keys are made: a second authority would only be thrown away.
    if (world->get<certificates::Service>().authority.root) {
        return reject("authority_exists", "this cell has its certificate authority already");
    }
    if (e.call.dry_run) {
        e.add(certificates::MakeAuthority{unsigned_certificate,
                                          unsigned_certificate,
                                          {"authority/root_key", 1},
                                          {"authority/intermediate_key", 1}});
        return {};
    }
    auto made = authority::found(e.with.cell.vault(), world->get<cell::Service>().cell.settings.name.text,
                                 core::now());
    if (!made) return std::unexpected(std::move(made.error()));
    e.add(*std::move(made));
    return {};
}

Result<void> take_root_key_offline(Expansion& e) {
    const auto world = e.with.cell.world();
    const auto& ref = world->get<certificates::Service>().authority.root_key_ref;
    if (!ref) return reject("root_key_offline", "the root's key is not in the vault");
    const auto key = e.with.cell.vault().get(*ref);
    if (!key) return reject("secret_missing", "the vault does not hold the root's key any more");
    e.add(certificates::TakeRootKeyOffline{});
    e.out.once = {"private_key", std::string(key->reveal())};
    return {};
}

struct RootKey {
    std::optional<std::string> root_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("root_key", s.root_key));
    }
};

/// The root's key is looked at and forgotten.
Result<void> renew_intermediate(Expansion& e) {
    const auto asked = from_json<RootKey>(e.data);
    if (!asked) return std::unexpected(asked.error());
    std::optional<vault::Secret> key;
    if (asked->root_key) key = vault::Secret::copy_of(*asked->root_key);
    auto renewed = authority::renew_intermediate(e.with.cell.vault(), *e.with.cell.world(), key, core::now());
    if (!renewed) return std::unexpected(std::move(renewed.error()));
    e.add(*std::move(renewed));
    return {};
}

struct CertificateRequest {
    certificates::Purpose purpose = certificates::Purpose::server;
    std::optional<std::string> subject;
    std::vector<std::string> sans;
    std::int64_t days = days_default;
    std::optional<std::string> csr;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(defaulted("purpose", s.purpose), field("subject", s.subject), field("sans", s.sans),
                          defaulted("days", s.days), field("csr", s.csr));
    }
};

/// What was asked for, completed from the request where there is one.
Result<authority::Wish> wish_of(CertificateRequest asked) {
    authority::Wish wish{core::new_uuid(),
                         asked.purpose,
                         std::nullopt,
                         {},
                         std::move(asked.sans),
                         asked.days * authority::day_ms,
                         {}};
    if (asked.csr) {
        auto request = authority::read_request(*asked.csr);
        if (!request) return std::unexpected(std::move(request.error()));
        wish.public_key = std::move(request->public_key);
        if (wish.sans.empty()) wish.sans = std::move(request->sans);
    }
    wish.subject = asked.subject       ? *std::move(asked.subject)
                   : wish.sans.empty() ? std::string()
                                       : wish.sans.front();
    return wish;
}

Result<void> issue_certificate(Expansion& e) {
    auto asked = from_json<CertificateRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    auto wish = wish_of(*std::move(asked));
    if (!wish) return std::unexpected(std::move(wish.error()));
    if (e.call.dry_run) {
        const auto now = core::now();
        certificates::Content content{
            wish->purpose,        {}, wish->subject, wish->sans, now, {now.ms + wish->lifetime_ms}, "00",
            unsigned_certificate, {}};
        e.add(certificates::IssueCertificate{wish->id, std::move(content)});
        return {};
    }
    auto granted =
        authority::certify(e.with.cell.vault(), *e.with.cell.world(), *std::move(wish), core::now());
    if (!granted) return std::unexpected(std::move(granted.error()));
    e.add(std::move(granted->command));
    if (granted->key) e.out.once = {"private_key", std::string(granted->key->reveal())};
    return {};
}

}  // namespace

void add_vault_expansions(Expansions& table) {
    table["MakeAuthority"] = {make_authority, true};
    table["RenewIntermediate"] = {renew_intermediate, true};
    table["TakeRootKeyOffline"] = {take_root_key_offline};
    table["IssueCertificate"] = {issue_certificate, true};
}

}  // namespace pic::api
