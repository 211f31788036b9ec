#include <algorithm>

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/dhcp/dhcp.hpp"
#include "projections/world.hpp"

namespace pic::dhcp {
namespace {

constexpr unsigned narrowest_prefix = 29, widest_prefix = 16;

const State& state_of(const World& world) { return world.get<Service>(); }

ResourceName resource(const Uuid& id, bool removed = false) {
    return {"dhcp_reservations", to_string(id), stream_of(id), removed};
}

/// What keeps an address from being one of the network's hosts, or nothing.
std::optional<std::string> host_fault(const Cidr4& network, Ipv4 address) {
    if (!network.contains(address))
        return fmt::format("{} is not in {}", to_string(address), to_string(network));
    if (address == network.network)
        return fmt::format("{} is the address of the network itself", to_string(address));
    if (address == network.broadcast()) return fmt::format("{} is the broadcast address", to_string(address));
    return std::nullopt;
}

Result<void> check_network(const World& world, const Cidr4& network) {
    if (!is_private(network))
        return invalid_field("/network",
                             fmt::format("{} is not a private range (RFC 1918)", to_string(network)));
    if (network.prefix < widest_prefix || network.prefix > narrowest_prefix) {
        return invalid_field(
            "/network", fmt::format("the prefix is a number from {} to {}", widest_prefix, narrowest_prefix));
    }
    const auto& vpn = world.get<cell::Service>().cell.settings.vpn_range;
    if (network.overlaps(vpn))
        return invalid_field("/network",
                             fmt::format("{} overlaps the VPN range {}", to_string(network), to_string(vpn)));
    return {};
}

Result<void> check_range(const ScopeSettings& s) {
    if (auto fault = host_fault(s.network, s.first)) return invalid_field("/first", std::move(*fault));
    if (auto fault = host_fault(s.network, s.last)) return invalid_field("/last", std::move(*fault));
    if (s.last < s.first) return invalid_field("/last", "the last address comes before the first");
    if (s.router) {
        if (auto fault = host_fault(s.network, *s.router)) return invalid_field("/router", std::move(*fault));
        if (*s.router >= s.first && *s.router <= s.last)
            return invalid_field("/router", "the router's address would be given out");
    }
    if (s.lease_seconds < lease_least || s.lease_seconds > lease_most) {
        return invalid_field("/lease_seconds", fmt::format("a lease is a number of seconds from {} to {}",
                                                           lease_least, lease_most));
    }
    return {};
}

Result<void> check_servers(const std::optional<std::vector<Ipv4>>& servers, const char* pointer) {
    if (!servers) return {};
    if (servers->size() > servers_limit)
        return invalid_field(pointer, fmt::format("at most {} are taken", servers_limit));
    for (std::size_t i = 0; i < servers->size(); ++i) {
        if ((*servers)[i].bits == 0)
            return invalid_field(fmt::format("{}/{}", pointer, i), "this is nobody's address");
    }
    return {};
}

/// Devices that have their addresses already must keep them.
Result<void> check_reserved(const World& world, const ScopeSettings& s) {
    std::vector<FieldError> misfits;
    state_of(world).reservations.for_each([&](const Uuid&, const Reservation& r) {
        if (auto fault = host_fault(s.network, r.address))
            misfits.push_back({"/network", "reserved: " + *fault});
        if (r.address == s.router)
            misfits.push_back({"/router", fmt::format("{} is reserved", to_string(r.address))});
    });
    if (misfits.empty()) return {};
    auto detail = fmt::format("{} reservations are in the way", misfits.size());
    return reject("invalid_field", std::move(detail), std::move(misfits));
}

Decision set(const World& world, std::optional<ScopeSettings> scope, bool removed) {
    Decision decision;
    decision.resource = {"dhcp_scope", "", std::string(scope_stream), removed};
    if (state_of(world).scope.scope != scope)
        decision.emit(std::string(scope_stream), ScopeSet{std::move(scope)});
    return decision;
}

template <class Index, class Key>
bool taken(const Index& index, const Key& key, const ReservationAdded& r, const Moving& moving) {
    const auto* owner = index.find(key);
    return owner != nullptr && *owner != r.id && !is_moving(moving, stream_of(*owner));
}

Result<Decision> reserve(const World& world, const ReservationAdded& r, const Moving& moving) {
    const auto& state = state_of(world);
    if (!state.scope.scope)
        return reject("no_scope", "set the scope first: it says which addresses there are");
    if (auto fault = host_fault(state.scope.scope->network, r.address))
        return invalid_field("/address", std::move(*fault));
    if (r.address == state.scope.scope->router)
        return reject_at("address_taken", "/address", "this is the router's address");
    if (taken(state.by_address, r.address, r, moving)) {
        return reject_at("address_taken", "/address",
                         fmt::format("another device has {}", to_string(r.address)));
    }
    if (taken(state.by_mac, r.mac.text, r, moving)) {
        return reject_at("mac_taken", "/mac", fmt::format("{} has an address already", r.mac.text));
    }
    if (r.hostname && taken(state.by_hostname, r.hostname->text, r, moving)) {
        return reject_at("name_taken", "/hostname",
                         fmt::format("another device is called {}", r.hostname->text));
    }
    Decision decision;
    decision.resource = resource(r.id);
    decision.emit(stream_of(r.id), r);
    return decision;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Parsed<Mac> Mac::parse(std::string_view text) {
    constexpr std::size_t octets = 6, size = octets * 3 - 1;
    constexpr unsigned group_bit = 1;
    const auto wrong = [] {
        return std::unexpected(std::string("a MAC address looks like 02:00:5e:10:00:01"));
    };
    if (text.size() != size) return wrong();
    Mac mac;
    unsigned sum = 0, first = 0;
    for (std::size_t i = 0; i < size; ++i) {
        if (i % 3 == 2) {
            if (text[i] != ':' && text[i] != '-') return wrong();
            mac.text += ':';
            continue;
        }
        const int digit = hex_digit(text[i]);
        if (digit < 0) return wrong();
        if (i == 1) first = static_cast<unsigned>(digit);
        sum += static_cast<unsigned>(digit);
        mac.text += "0123456789abcdef"[digit];
    }
    if (sum == 0) return std::unexpected("a MAC address of zeros is nobody's");
    if ((first & group_bit) != 0) return std::unexpected("this is the address of a group, not of one device");
    return mac;
}

std::string to_string(const Mac& v) { return v.text; }

std::string stream_of(const Uuid& id) { return "reservation-" + to_string(id); }

void prepare(AddReservation& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const SetScope& command) {
    const auto& s = command.scope;
    auto ok = check_network(world, s.network);
    if (ok) ok = check_range(s);
    if (ok) ok = check_servers(s.dns, "/dns");
    if (ok) ok = check_servers(s.ntp, "/ntp");
    if (ok) ok = check_reserved(world, s);
    if (!ok) return std::unexpected(ok.error());
    return set(world, s, false);
}

Result<Decision> decide(const World& world, const ClearScope&) { return set(world, std::nullopt, true); }

Result<Decision> decide(const World& world, const AddReservation& command) {
    return reserve(world, {command.id, command.mac, command.address, command.hostname}, {});
}

Result<Decision> decide(const World& world, const RemoveReservation& command) {
    if (!state_of(world).reservations.contains(command.id)) return missing("reservation", command.id);
    Decision decision;
    decision.resource = resource(command.id, true);
    decision.emit(stream_of(command.id), ReservationRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreReservation& command) {
    return reserve(world, command.reservation, command.moving);
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Map = CowMap<Uuid, Reservation>;
    const auto& then = state_of(target).scope.scope;
    const bool scope_moves = out.wants(scope_stream) && then != state_of(now).scope.scope;
    // In this order each step is allowed: what goes, then the networks, then what comes.
    const auto each = [&](bool removals) {
        Map::diff(state_of(now).reservations, state_of(target).reservations,
                  [&](const Uuid& id, const Reservation* is, const Reservation* was) {
                      if (!out.wants(stream_of(id)) || (was == nullptr) != removals) return;
                      if (removals) return out.add(stream_of(id), RemoveReservation{id});
                      if (is != nullptr) return;
                      const ReservationAdded back{id, was->mac, was->address, was->hostname};
                      out.add(stream_of(id), RestoreReservation{back, out.moving()});
                  });
    };
    each(true);
    if (scope_moves && then) out.add(std::string(scope_stream), SetScope{*then});
    each(false);
    if (scope_moves && !then) out.add(std::string(scope_stream), ClearScope{});
}

}  // namespace pic::dhcp
