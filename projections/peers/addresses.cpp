#include "projections/peers/addresses.hpp"

#include <fmt/format.h>

#include "projections/world.hpp"

namespace pic::peers {
namespace {

constexpr std::uint64_t first_host = 2;  ///< 0 is the network, 1 the server

std::uint64_t host_number(const Cidr4& range, Ipv4 address) { return address.bits - range.network.bits; }

/// Whether there are addresses below: in the middle of a restore peers may still have their places in another
/// range.
bool any_below(const CowMap<Ipv4, Uuid>& by_address, Ipv4 address) {
    bool below = false;
    by_address.for_each_while([&](Ipv4 lowest, const Uuid&) { return below = lowest < address, false; });
    return below;
}

Result<void> check_lans(const World& world, const cell::Settings<Plain>& to, const Moving& moving) {
    std::vector<FieldError> clashes;
    world.get<Service>().by_lan.for_each([&](const std::string& text, const Uuid& id) {
        if (is_moving(moving, stream_of(id))) return;
        const auto lan = Cidr::parse(text);
        const auto clash = [&](const char* pointer) {
            clashes.push_back(
                {pointer, fmt::format("{} lies behind the peer {}", text,
                                      world.get<Service>().peers.find(id)->settings.name.text)});
        };
        if (lan->v6 ? lan->six.overlaps(to.vpn_range6) : lan->four.overlaps(to.vpn_range)) {
            clash(lan->v6 ? "/vpn_range6" : "/vpn_range");
        } else if (!lan->v6 && to.lan_range && lan->four.overlaps(*to.lan_range)) {
            clash("/lan_range");
        }
    });
    if (clashes.empty()) return {};
    auto detail = fmt::format("{} networks behind peers are in the way", clashes.size());
    return reject("invalid_field", std::move(detail), std::move(clashes));
}

}  // namespace

Result<Ipv4> free_address(const World& world) {
    const auto& range = world.get<cell::Service>().cell.settings.vpn_range;
    const auto& taken = world.get<Service>().by_address;
    auto host = first_host;
    if (any_below(taken, range.at(first_host))) {
        const auto is_next = [&](Ipv4 a, const Uuid&) {
            const bool next = a == range.at(host);
            if (next) ++host;
            return next;
        };
        taken.for_each_after(range.at(first_host - 1), is_next);
    } else {
        host = taken.first_gap(first_host, [&](Ipv4 a) { return host_number(range, a); });
    }
    if (host + 1 >= range.size())
        return reject("range_full", fmt::format("every address of {} is taken", to_string(range)));
    return range.at(host);
}

Ipv6 free_address6(const World& world, Ipv4 address) {
    const auto& c = world.get<cell::Service>().cell.settings;
    auto host = host_number(c.vpn_range, address);
    while (world.get<Service>().by_address6.contains(c.vpn_range6.at(host))) host += c.vpn_range.size();
    return c.vpn_range6.at(host);
}

std::optional<Ipv4> moved(Ipv4 address, const Cidr4& from, const Cidr4& to) {
    if (!from.contains(address)) return std::nullopt;
    const auto host = host_number(from, address);
    if (host + 1 >= to.size()) return std::nullopt;
    return to.at(host);
}

Ipv6 moved(const Ipv6& address, const Cidr6& to) {
    Ipv6 out = to.network;
    for (std::size_t i = 8; i < out.bytes.size(); ++i) out.bytes[i] = address.bytes[i];
    return out;
}

Result<void> settle(const World& world, const cell::Settings<Plain>& from, const cell::Settings<Plain>& to,
                    const Moving& moving, Decision& out) {
    if (auto ok = check_lans(world, to, moving); !ok) return ok;
    if (from.vpn_range == to.vpn_range && from.vpn_range6 == to.vpn_range6) return {};
    std::vector<FieldError> misfits;
    world.get<Service>().peers.for_each([&](const Uuid& id, const Peer& peer) {
        if (is_moving(moving, stream_of(id))) return;
        const auto address = moved(peer.settings.address, from.vpn_range, to.vpn_range);
        if (!address) {
            misfits.push_back(
                {"/vpn_range", fmt::format("{} ({}) has no place in {}", peer.settings.name.text,
                                           to_string(peer.settings.address), to_string(to.vpn_range))});
            return;
        }
        PeerChanged changed{id, {}, {}};
        if (from.vpn_range != to.vpn_range) changed.changes.address = *address;
        if (from.vpn_range6 != to.vpn_range6)
            changed.changes.address6 = moved(peer.settings.address6, to.vpn_range6);
        out.emit(stream_of(id), changed);
    });
    if (misfits.empty()) return {};
    auto detail = fmt::format("{} of the peers have no place in {}", misfits.size(), to_string(to.vpn_range));
    return reject("range_too_small", std::move(detail), std::move(misfits));
}

}  // namespace pic::peers
