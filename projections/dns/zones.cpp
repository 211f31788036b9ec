#include "projections/dns/zones.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pic::dns {
namespace {

constexpr std::string_view suffix4 = ".in-addr.arpa", suffix6 = ".ip6.arpa";
constexpr Cidr4 ten{{0x0a000000}, 8};

/// The zone of the first `octets` octets of an address.
Zone reverse4(Ipv4 address, unsigned octets) {
    Zone zone{ZoneKind::reverse4, {}, {{}, static_cast<std::uint8_t>(octets * 8)}};
    zone.four.network.bits = address.bits & zone.four.mask();
    for (unsigned i = octets; i-- > 0;) zone.origin += fmt::format("{}.", address.bits >> (24 - 8 * i) & 255);
    zone.origin += suffix4.substr(1);
    return zone;
}

void add_reverse4(std::vector<Zone>& zones, const Cidr4& network) {
    const auto add = [&](Zone zone) {
        if (std::ranges::find(zones, zone) == zones.end()) zones.push_back(std::move(zone));
    };
    if (network.prefix >= 24) return add(reverse4(network.network, 3));
    if (network.prefix >= 16) return add(reverse4(network.network, 2));
    if (ten.contains(network)) return add(reverse4(network.network, 1));
    constexpr std::uint64_t step = 1U << 16;
    for (std::uint64_t n = 0; n < network.size(); n += step) add(reverse4(network.at(n), 2));
}

/// The last `nibbles` nibbles of an address, the last first.
std::string nibbles_of(const Ipv6& address, unsigned from, unsigned until) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (unsigned i = until; i-- > from;) {
        const auto byte = address.bytes[i / 2];
        out += digits[i % 2 == 0 ? byte >> 4 : byte & 15];
        out += '.';
    }
    out.pop_back();
    return out;
}

std::vector<std::string_view> labels(std::string_view name) {
    std::vector<std::string_view> out;
    for (std::size_t start = 0; start <= name.size();) {
        const auto dot = std::min(name.find('.', start), name.size());
        out.push_back(name.substr(start, dot - start));
        start = dot + 1;
    }
    return out;
}

}  // namespace

std::vector<Zone> zones_of(const cell::Settings<Plain>& settings) {
    std::vector<Zone> zones{{ZoneKind::forward, settings.domain.text, {}}};
    add_reverse4(zones, settings.vpn_range);
    if (settings.lan_range) add_reverse4(zones, *settings.lan_range);
    const unsigned nibbles = settings.vpn_range6.prefix / 4U;
    zones.push_back(
        {ZoneKind::reverse6, nibbles_of(settings.vpn_range6.network, 0, nibbles) + std::string(suffix6), {}});
    return zones;
}

std::string path_of(const Zone& zone) { return "zones/" + zone.origin + ".zone"; }

const Zone* reverse_zone(const std::vector<Zone>& zones, Ipv4 address) {
    const Zone* found = nullptr;
    for (const auto& zone : zones) {
        if (zone.kind != ZoneKind::reverse4 || !zone.four.contains(address)) continue;
        if (found == nullptr || zone.four.prefix > found->four.prefix) found = &zone;
    }
    return found;
}

const Zone* reverse_zone(const std::vector<Zone>& zones, const cell::Settings<Plain>& settings,
                         const Ipv6& address) {
    return settings.vpn_range6.contains(address) ? &zones.back() : nullptr;
}

std::string reverse_name(Ipv4 address) {
    return fmt::format("{}.{}.{}.{}{}", address.bits & 255, address.bits >> 8 & 255, address.bits >> 16 & 255,
                       address.bits >> 24, suffix4);
}

std::string reverse_name(const Ipv6& address) { return nibbles_of(address, 0, 32) + std::string(suffix6); }

std::optional<std::string> address_of_reverse_name(std::string_view name) {
    if (name.ends_with(suffix4)) {
        const auto parts = labels(name.substr(0, name.size() - suffix4.size()));
        if (parts.size() != 4) return std::nullopt;
        const auto address = Ipv4::parse(fmt::format("{}.{}.{}.{}", parts[3], parts[2], parts[1], parts[0]));
        return address ? std::optional(to_string(*address)) : std::nullopt;
    }
    if (!name.ends_with(suffix6)) return std::nullopt;
    const auto parts = labels(name.substr(0, name.size() - suffix6.size()));
    if (parts.size() != 32) return std::nullopt;
    std::string text;
    for (std::size_t i = 32; i-- > 0;) {
        text += parts[i];
        if (i % 4 == 0 && i != 0) text += ':';
    }
    const auto address = Ipv6::parse(text);
    return address ? std::optional(to_string(*address)) : std::nullopt;
}

bool within(std::string_view name, std::string_view zone) {
    return name == zone ||
           (name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.');
}

}  // namespace pic::dns
