// What CoreDNS serves. A fragment is a name: "name/<relative name>" in the forward zone, "ptr/<address>" in a
// reverse one; its text is a function of the world and that name alone. So a change costs the names that it
// touches, whoever touched them (a peer, a record, the cell), and the fragments of a step and of a rendering
// from nothing cannot differ.
//
// Owner names are relative to the $ORIGIN in the forward zone. In the reverse zones the owners are absolute
// and the $ORIGIN is the domain, so that the names which PTR records give are relative: a new domain rewrites
// the head of each zone.
#include <fmt/format.h>

#include <set>

#include "projections/dns/corefile.hpp"
#include "projections/dns/dns.hpp"
#include "projections/dns/zones.hpp"
#include "projections/peers/peers.hpp"
#include "projections/world.hpp"

namespace pic::dns {
namespace {

constexpr char head_key[] = "0-head";

/// What the web front (projections/proxy) and mail answer to, beside the names that are the cell's alone.
constexpr std::array<std::string_view, 7> service_names{"api",  "calendar", "files",  "imap",
                                                        "mail", "smtp",     "webmail"};

const State& dns_of(const World& world) { return world.get<Service>(); }
const peers::State& peers_of(const World& world) { return world.get<peers::Service>(); }
const cell::Settings<Plain>& cell_of(const World& world) { return world.get<cell::Service>().cell.settings; }

std::string line(std::string_view owner, std::uint32_t ttl, RecordType type, std::string_view data) {
    return fmt::format("{} {} IN {} {}\n", owner, ttl, enum_name(type), data);
}

std::string addresses(std::string_view owner, Ipv4 four, const Ipv6& six) {
    return line(owner, ttl_default, RecordType::a, to_string(four)) +
           line(owner, ttl_default, RecordType::aaaa, to_string(six));
}

constexpr std::size_t types_count = enum_names(RecordType{}).size();

/// The records of a name by their types, found in one walk.
using RecordSets = std::array<std::vector<const Record*>, types_count>;

RecordSets record_sets(const State& state, std::string_view name, std::optional<RecordType> type = {}) {
    RecordSets sets;
    const auto add = [&](const Record& r) {
        sets[static_cast<std::size_t>(r.settings.type)].push_back(&r);
        return true;
    };
    each_record(state, name, add, type);
    return sets;
}

/// The records of one type of a name; all with the least of their TTLs, since a set of records has one (RFC
/// 2181 5.2).
void append_set(std::string& text, std::string_view owner, const std::vector<const Record*>& set) {
    std::uint32_t ttl = ttl_most;
    for (const auto* r : set) ttl = std::min(ttl, r->settings.ttl);
    for (const auto* r : set) {
        const auto type = r->settings.type;
        if (const auto data = rdata(type, r->settings.value.text)) text += line(owner, ttl, type, *data);
    }
}

bool has_addresses(const State& state, std::string_view name) {
    bool has = false;
    const auto found = [&](const Record&) { return has = true, false; };
    each_record(state, name, found, RecordType::a);
    each_record(state, name, found, RecordType::aaaa);
    return has;
}

/// A name of one of the cell's own services that nobody has given another address.
bool is_service_name(const World& world, const std::string& name) {
    if (std::ranges::find(service_names, name) == service_names.end()) return false;
    bool has_alias = false;
    each_record(
        dns_of(world), name, [&](const Record&) { return has_alias = true, false; }, RecordType::cname);
    return !has_alias && !has_addresses(dns_of(world), name) && !peers_of(world).by_name.contains(name);
}

/// Everything the domain says of one name.
std::string name_text(const World& world, const std::string& name) {
    const auto& state = dns_of(world);
    std::string text;
    if (name == "ns" || name == "cell" || (name == "@" && !has_addresses(state, name)) ||
        is_service_name(world, name)) {
        text += addresses(name, cell::server_address(cell_of(world)), cell::server_address6(cell_of(world)));
    }
    if (const auto* id = peers_of(world).by_name.find(name)) {
        const auto* peer = peers_of(world).peers.find(*id);
        if (peer != nullptr && peer->settings.enabled)
            text += addresses(name, peer->settings.address, peer->settings.address6);
    }
    for (const auto& set : record_sets(state, name)) append_set(text, name, set);
    return text;
}

/// What the reverse zone says of one address: the PTR records that people made, else the name that the cell
/// gives it.
template <class Address>
std::string address_text(const World& world, const Address& address, const Address& server,
                         const CowMap<Address, Uuid>& by_address) {
    const auto owner = reverse_name(address) + ".";
    std::string text;
    for (const auto& set : record_sets(dns_of(world), to_string(address), RecordType::ptr))
        append_set(text, owner, set);
    if (!text.empty()) return text;
    if (address == server) return line(owner, ttl_default, RecordType::ptr, "cell");
    const auto* id = by_address.find(address);
    const auto* peer = id == nullptr ? nullptr : peers_of(world).peers.find(*id);
    if (peer == nullptr || !peer->settings.enabled) return {};
    return line(owner, ttl_default, RecordType::ptr, peer->settings.name.text);
}

/// The names and addresses whose fragments may differ.
struct Touched {
    std::set<std::string> names;
    std::set<Ipv4> four;
    std::set<Ipv6> six;

    void add(const cell::Settings<Plain>& s) {
        names.insert({"@", "cell", "ns"});
        names.insert(service_names.begin(), service_names.end());
        four.insert(cell::server_address(s));
        six.insert(cell::server_address6(s));
    }
    void add(const peers::Peer& peer) {
        names.insert(peer.settings.name.text);
        four.insert(peer.settings.address);
        six.insert(peer.settings.address6);
    }
    void add(const Record& record) {
        const auto& name = record.settings.name;
        if (const auto address4 = name.ipv4()) {
            four.insert(*address4);
        } else if (const auto address6 = name.ipv6()) {
            six.insert(*address6);
        } else {
            names.insert(name.text);
        }
    }
    template <class Map>
    void add_difference(const Map* before, const Map& now) {
        const auto either = [this](const auto&, const auto* was, const auto* is) {
            if (was != nullptr) this->add(*was);
            if (is != nullptr) this->add(*is);
        };
        Map::diff(before == nullptr ? Map() : *before, now, either);
    }
};

Touched touched_between(const World* before, const World& now) {
    Touched touched;
    touched.add_difference(before == nullptr ? nullptr : &peers_of(*before).peers, peers_of(now).peers);
    touched.add_difference(before == nullptr ? nullptr : &dns_of(*before).records, dns_of(now).records);
    return touched;
}

std::uint32_t serial_of(const World& world, ZoneKind kind) {
    const auto& serials = dns_of(world).serials;
    return kind == ZoneKind::forward    ? serials.forward
           : kind == ZoneKind::reverse4 ? serials.reverse4
                                        : serials.reverse6;
}

/// $ORIGIN, SOA and NS. A name that was asked for too early is forgotten after `negative` seconds.
std::string head_text(const World& world, const Zone& zone) {
    constexpr unsigned refresh = 3600, retry = 600, expire = 1209600, negative = 60;
    const auto& domain = cell_of(world).domain.text;
    auto text = fmt::format(
        "$ORIGIN {}.\n$TTL {}\n@ IN SOA ns.{}. hostmaster.{}. {} {} {} {} {}\n@ IN NS ns.{}.\n", zone.origin,
        ttl_default, domain, domain, serial_of(world, zone.kind), refresh, retry, expire, negative, domain);
    if (zone.kind != ZoneKind::forward) text += fmt::format("$ORIGIN {}.\n", domain);
    return text;
}

void put_or_remove(Renderer& out, const std::string& path, const std::string& key, std::string text) {
    if (text.empty()) {
        out.remove(path, key);
    } else {
        out.put(path, key, std::move(text));
    }
}

std::string key_of(Ipv4 address) { return fmt::format("ptr/{:08x}", address.bits); }
std::string key_of(const Ipv6& address) {
    std::string key = "ptr/";
    for (const auto byte : address.bytes) key += fmt::format("{:02x}", byte);
    return key;
}

void put_touched(const World& now, const std::vector<Zone>& zones, const Touched& touched, Renderer& out) {
    const auto& c = cell_of(now);
    for (const auto& name : touched.names)
        put_or_remove(out, path_of(zones.front()), "name/" + name, name_text(now, name));
    for (const auto address : touched.four) {
        const Zone* zone = reverse_zone(zones, address);
        if (zone == nullptr) continue;
        put_or_remove(out, path_of(*zone), key_of(address),
                      address_text(now, address, cell::server_address(c), peers_of(now).by_address));
    }
    for (const auto& address : touched.six) {
        const Zone* zone = reverse_zone(zones, c, address);
        if (zone == nullptr) continue;
        put_or_remove(out, path_of(*zone), key_of(address),
                      address_text(now, address, cell::server_address6(c), peers_of(now).by_address6));
    }
}

/// Whether the same zones hold the same addresses. (That a domain changed is no reason to write its names
/// anew.)
bool same_networks(const cell::Settings<Plain>& a, const cell::Settings<Plain>& b) {
    return a.vpn_range == b.vpn_range && a.vpn_range6 == b.vpn_range6 && a.lan_range == b.lan_range;
}

void drop_zone(const Zone& zone, Renderer& out) {
    out.drop(path_of(zone));
    out.remove(parameters_path, "zone/" + zone.origin);
}

/// Takes away what `before` had and `now` has elsewhere. Returns whether fragments of `before` are worth
/// keeping.
bool clear_outdated(const World& before, const World& now, Renderer& out) {
    const auto zones_before = zones_of(cell_of(before)), zones_now = zones_of(cell_of(now));
    if (!same_networks(cell_of(before), cell_of(now))) {
        for (const auto& zone : zones_before) drop_zone(zone, out);
        return false;
    }
    if (zones_before.front() != zones_now.front()) {
        out.move(path_of(zones_before.front()), path_of(zones_now.front()));
        drop_zone(zones_before.front(), out);
    }
    return true;
}

}  // namespace

void render(Service, const World* before, const World& now, Renderer& out) {
    if (!now.get<cell::Service>().cell.claimed) return;
    if (before != nullptr &&
        (!before->get<cell::Service>().cell.claimed || !clear_outdated(*before, now, out)))
        before = nullptr;
    const auto zones = zones_of(cell_of(now));
    auto touched = touched_between(before, now);
    if (before == nullptr) touched.add(cell_of(now));
    put_touched(now, zones, touched, out);
    for (const auto& zone : zones) {
        const auto& c = cell_of(now);
        if (before != nullptr && cell_of(*before).domain == c.domain &&
            serial_of(*before, zone.kind) == serial_of(now, zone.kind))
            continue;
        out.put(path_of(zone), head_key, head_text(now, zone));
        out.parameter("zone/" + zone.origin, std::to_string(serial_of(now, zone.kind)));
    }
    put_blocklists(before, now, out);
    put_corefile(before, now, out);
}

}  // namespace pic::dns
