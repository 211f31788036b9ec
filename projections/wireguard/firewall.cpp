#include "projections/wireguard/firewall.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "projections/peers/peers.hpp"
#include "projections/routing/routing.hpp"
#include "projections/wireguard/service_ports.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::wireguard {
namespace {

constexpr char table_key[] = "0-table";
constexpr char nat_key[] = "9-nat";

/// "Internet" is what is nobody's private network: the networks of the house and of the containers are opened
/// by rules alone. Peers are in sets of single addresses and the networks behind them in sets of their own,
/// for nft takes minutes to put ten thousand addresses one by one into a set that may hold networks, and half
/// a second into one that may not.
constexpr char table_text[] = R"(table inet pic
delete table inet pic
table inet pic {{
    set internet4 {{ type ipv4_addr; }}
    set internet6 {{ type ipv6_addr; }}
    set trusted4 {{ type ipv4_addr; }}
    set trusted6 {{ type ipv6_addr; }}
    set granted4 {{ type ipv4_addr . inet_proto . inet_service; }}
    set granted6 {{ type ipv6_addr . inet_proto . inet_service; }}
    set lans4 {{ type ipv4_addr; flags interval; }}
    set lans6 {{ type ipv6_addr; flags interval; }}
    set lan_internet4 {{ type ipv4_addr; flags interval; }}
    set lan_internet6 {{ type ipv6_addr; flags interval; }}
    set lan_trusted4 {{ type ipv4_addr; flags interval; }}
    set lan_trusted6 {{ type ipv6_addr; flags interval; }}
    set lan_granted4 {{ type ipv4_addr . inet_proto . inet_service; flags interval; }}
    set lan_granted6 {{ type ipv6_addr . inet_proto . inet_service; flags interval; }}
    set services {{ type inet_proto . inet_service; elements = {{ {services} }} }}
    set private4 {{
        type ipv4_addr; flags interval;
        elements = {{ 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/3 }}
    }}
    set private6 {{ type ipv6_addr; flags interval; elements = {{ ::/127, fc00::/7, fe80::/10, ff00::/8 }} }}
    counter refused_input {{ }}
    counter refused_forward {{ }}
    chain rules {{ }}
    chain from_peers {{
        jump rules
        icmp type echo-request accept
        icmpv6 type echo-request accept
        ip saddr @trusted4 meta l4proto . th dport @services accept
        ip6 saddr @trusted6 meta l4proto . th dport @services accept
        ip saddr @lan_trusted4 meta l4proto . th dport @services accept
        ip6 saddr @lan_trusted6 meta l4proto . th dport @services accept
        ip saddr . meta l4proto . th dport @granted4 accept
        ip6 saddr . meta l4proto . th dport @granted6 accept
        ip saddr . meta l4proto . th dport @lan_granted4 accept
        ip6 saddr . meta l4proto . th dport @lan_granted6 accept
    }}
    chain input {{
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
        ct state invalid drop
        iifname "wg0" jump from_peers
        iifname != "wg0" udp dport {port} accept
        iifname != "wg0" meta l4proto {{ icmp, ipv6-icmp }} accept
        counter name refused_input drop
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
        oifname "wg0" tcp flags syn tcp option maxseg size set rt mtu
        ct state established,related accept
        ct state invalid drop
        ct status dnat accept
        jump rules
        iifname "wg0" oifname "wg0" ip saddr @trusted4 ip daddr @lans4 accept
        iifname "wg0" oifname "wg0" ip6 saddr @trusted6 ip6 daddr @lans6 accept
        iifname "wg0" oifname "wg0" ip saddr @lan_trusted4 ip daddr @lans4 accept
        iifname "wg0" oifname "wg0" ip6 saddr @lan_trusted6 ip6 daddr @lans6 accept
        iifname "wg0" oifname != "wg0" ip saddr @internet4 ip daddr != @private4 accept
        iifname "wg0" oifname != "wg0" ip6 saddr @internet6 ip6 daddr != @private6 accept
        iifname "wg0" oifname != "wg0" ip saddr @lan_internet4 ip daddr != @private4 accept
        iifname "wg0" oifname != "wg0" ip6 saddr @lan_internet6 ip6 daddr != @private6 accept
        counter name refused_forward drop
    }}
    chain incoming {{ type nat hook prerouting priority dstnat; policy accept; }}
    chain outgoing {{ type nat hook postrouting priority srcnat; policy accept; }}
}}
)";

std::string table(const World& world) {
    std::string services;
    for (const auto& p : service_ports) {
        if (!services.empty()) services += ", ";
        services += fmt::format("{} . {}", p.protocol, p.port);
    }
    return fmt::format(table_text, fmt::arg("services", services),
                       fmt::arg("port", world.get<Service>().wireguard.settings.listen_port));
}

/// The addresses that speak for a peer: its own, and the networks behind it.
struct Source {
    std::string_view prefix;  ///< of the names of its sets
    bool v6;
    std::string text;
};
std::vector<Source> sources_of(const peers::Peer& peer) {
    std::vector<Source> all{{"", false, to_string(peer.settings.address)},
                            {"", true, to_string(peer.settings.address6)}};
    for (const auto& lan : peer.settings.lans) all.push_back({"lan_", lan.v6, to_string(lan)});
    return all;
}

std::string add_element(const Source& source, std::string_view set, const std::string& element) {
    return fmt::format("add element inet pic {}{}{} {{ {} }}\n", source.prefix, set, source.v6 ? 6 : 4,
                       element);
}

/// The services that a peer may reach and no others; each port is an element.
std::string grants(const Source& source, const std::vector<Label>& services) {
    std::string elements;
    for (const auto& p : service_ports) {
        if (std::ranges::find(services, p.service, &Label::text) == services.end()) continue;
        if (!elements.empty()) elements += ", ";
        elements += fmt::format("{} . {} . {}", source.text, p.protocol, p.port);
    }
    return elements.empty() ? "" : add_element(source, "granted", elements);
}

std::string peer_text(const peers::Peer& peer) {
    if (!peer.settings.enabled) return {};
    std::string text;
    for (const auto& source : sources_of(peer)) {
        if (peer.settings.internet) text += add_element(source, "internet", source.text);
        text += peer.settings.services ? grants(source, *peer.settings.services)
                                       : add_element(source, "trusted", source.text);
    }
    for (const auto& lan : peer.settings.lans) text += add_element({"", lan.v6, {}}, "lans", to_string(lan));
    return text;
}

std::string place(std::string_view end, const routing::Place& p) {
    return p.is_any() ? "" : fmt::format("{} {} {} ", p.is_v6() ? "ip6" : "ip", end, p.text);
}

/// A rule with a counter of its own, by whose name its packets are told of (the table `rules` of
/// adapters/wireguard).
std::string rule_text(const Uuid& id, const routing::RuleSettings<Plain>& s) {
    using routing::Protocol;
    std::string match = place("saddr", s.source) + place("daddr", s.destination);
    if (s.protocol == Protocol::icmp) match += "meta l4proto { icmp, ipv6-icmp } ";
    if (s.ports) {
        match += fmt::format("{} dport {{ {} }} ", enum_name(s.protocol), s.ports->text);
    } else if (s.protocol == Protocol::tcp || s.protocol == Protocol::udp) {
        match += fmt::format("meta l4proto {} ", enum_name(s.protocol));
    }
    return fmt::format(
        "add counter inet pic rule-{0}\nadd rule inet pic rules {1}counter name rule-{0} {2}\n",
        to_string(id), match, enum_name(s.action));
}

std::string rule_key(const routing::Rule& rule) {
    return fmt::format("3-rule/{:020}/{}", rule.rank, to_string(rule.id));
}

std::string forward_text(const routing::Forward& f) {
    return fmt::format(
        "add rule inet pic incoming iifname != \"wg0\" meta nfproto ipv4 {} dport {} counter dnat ip to "
        "{}:{}\n",
        enum_name(f.protocol), f.port, to_string(f.to_address), f.to_port);
}

void put_or_remove(Renderer& out, const std::string& key, std::string text) {
    if (text.empty()) {
        out.remove(firewall_path, key);
    } else {
        out.put(firewall_path, key, std::move(text));
    }
}

void put_rules(const World* before, const World& now, Renderer& out) {
    using Rules = CowMap<Uuid, routing::Rule>;
    const auto& rules = now.get<routing::Service>().rules;
    Rules::diff(before == nullptr ? Rules{} : before->get<routing::Service>().rules, rules,
                [&](const Uuid&, const routing::Rule* was, const routing::Rule* is) {
                    if (was != nullptr) out.remove(firewall_path, rule_key(*was));
                    if (is != nullptr && is->settings.enabled)
                        out.put(firewall_path, rule_key(*is), rule_text(is->id, is->settings));
                });
}

void put_nat(const World& now, Renderer& out) {
    put_or_remove(out, nat_key,
                  now.get<routing::Service>().nat.masquerade
                      ? "add rule inet pic outgoing iifname \"wg0\" oifname != \"wg0\" masquerade\n"
                      : "");
}

}  // namespace

void put_firewall(const World* before, const World& now, Renderer& out) {
    const auto port = [](const World& world) { return world.get<Service>().wireguard.settings.listen_port; };
    if (before == nullptr || port(*before) != port(now)) out.put(firewall_path, table_key, table(now));
    Renderer::each(before == nullptr ? nullptr : &before->get<peers::Service>().peers,
                   now.get<peers::Service>().peers, false, [&](const Uuid& id, const peers::Peer* peer) {
                       put_or_remove(out, "2-peer/" + to_string(id), peer == nullptr ? "" : peer_text(*peer));
                   });
    put_rules(before, now, out);
    Renderer::each(before == nullptr ? nullptr : &before->get<routing::Service>().forwards,
                   now.get<routing::Service>().forwards, false,
                   [&](const Uuid& id, const routing::Forward* forward) {
                       put_or_remove(out, "4-forward/" + to_string(id),
                                     forward == nullptr ? "" : forward_text(*forward));
                   });
    const auto nat = [](const World& world) { return world.get<routing::Service>().nat.masquerade; };
    if (before == nullptr || nat(*before) != nat(now)) put_nat(now, out);
}

}  // namespace pic::wireguard
