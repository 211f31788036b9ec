#include <fmt/format.h>

#include <algorithm>

#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/peers/peers.hpp"
#include "projections/proxy/proxy.hpp"
#include "projections/world.hpp"

namespace pic::certificates {
namespace {

bool is_below(std::string_view name, std::string_view domain) {
    return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                              name[name.size() - domain.size() - 1] == '.');
}

bool is_allowed_name(std::string_view name, std::string_view domain) {
    const bool wildcard = name.starts_with("*.");
    const auto host = Hostname::parse(wildcard ? name.substr(2) : name);
    return host && to_string(*host) == (wildcard ? name.substr(2) : name) && is_below(host->text, domain);
}

bool is_allowed_address(std::string_view text) {
    constexpr std::uint8_t host_prefix = 32, host_prefix6 = 128;
    constexpr std::uint32_t loopback = 127;
    if (const auto four = Ipv4::parse(text)) {
        return (is_private(Cidr4{*four, host_prefix}) || four->bits >> 24 == loopback) &&
               to_string(*four) == text;
    }
    const auto six = Ipv6::parse(text);
    return six && (is_unique_local(Cidr6{*six, host_prefix6}) || text == "::1") && to_string(*six) == text;
}

bool is_known_email(const World& world, std::string_view text) {
    const auto email = EmailAddress::parse(text);
    if (!email) return false;
    if (is_below(email->domain(), world.get<cell::Service>().cell.settings.domain.text)) return true;
    bool known = false;
    world.get<accounts::Service>().users.for_each_while([&](const Uuid&, const accounts::User& user) {
        known = user.profile.email == *email;
        return !known;
    });
    return known;
}

}  // namespace

Result<void> check_names(const World& world, Purpose purpose, const std::vector<std::string>& sans) {
    const auto& domain = world.get<cell::Service>().cell.settings.domain.text;
    if (sans.empty() || sans.size() > sans_limit) {
        return reject("invalid_field", fmt::format("a certificate has 1 to {} names", sans_limit),
                      {{"/sans", "1 to 32 names"}});
    }
    FieldErrors errors;
    for (std::size_t i = 0; i < sans.size(); ++i) {
        const auto& name = sans[i];
        const bool allowed = name.contains('@') ? purpose == Purpose::client && is_known_email(world, name)
                                                : is_allowed_name(name, domain) || is_allowed_address(name);
        if (!allowed)
            errors.push_back({fmt::format("/sans/{}", i), "this cell does not vouch for this name"});
    }
    if (errors.empty()) return {};
    return reject(
        "name_not_allowed",
        fmt::format(
            "certificates are for names at or below {}, private addresses, and the addresses of people",
            domain),
        std::move(errors));
}

Result<void> check_subject(const World& world, Purpose purpose, const std::string& subject,
                           const std::vector<std::string>& sans) {
    if (std::ranges::find(sans, subject) != sans.end()) return {};
    const bool known =
        purpose == Purpose::client && (world.get<accounts::Service>().by_username.contains(subject) ||
                                       world.get<peers::Service>().by_name.contains(subject));
    if (known) return {};
    return reject_at("name_not_allowed", "/subject",
                     purpose == Purpose::server
                         ? "the common name must be one of the names"
                         : "the common name must be one of the names, a person's or a device's");
}

namespace {

/// The domain, all that is one level below it, and each site that is deeper.
std::vector<std::string> proxy_names(const World& world, const std::string& domain) {
    std::vector<std::string> names{domain, "*." + domain};
    const auto suffix = "." + domain;
    world.get<proxy::Service>().sites.for_each_while([&](const Uuid&, const auto& site) {
        const auto& s = site.settings;
        const std::string_view host = s.host.text;
        if (!s.enabled || s.tls != proxy::Tls::internal || !host.ends_with(suffix)) return true;
        const auto prefix = host.substr(0, host.size() - suffix.size());
        if (prefix.find('.') != std::string_view::npos) names.emplace_back(host);
        return names.size() < sans_limit;
    });
    return names;
}

}  // namespace

std::vector<Wanted> wanted_certificates(const World& world) {
    const auto& cell = world.get<cell::Service>().cell;
    if (!cell.claimed || !world.get<Service>().authority.root) return {};
    const auto& domain = cell.settings.domain.text;
    const auto below = [&](std::string_view label) { return fmt::format("{}.{}", label, domain); };
    return {
        {Label{"proxy"}, proxy_names(world, domain)},
        {Label{"mail"}, {below("mail"), below("imap"), below("smtp")}},
        {Label{"cell"}, {below("pic"), to_string(cell::server_address(cell.settings)), "127.0.0.1", "::1"}}};
}

}  // namespace pic::certificates
