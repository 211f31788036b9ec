#include "projections/dhcp/dhcp.hpp"

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/stack/stack.hpp"
#include "projections/world.hpp"

namespace pic::dhcp {
namespace {

void index(State& state, const Reservation& r) {
    state.by_mac.assign(r.mac.text, r.id);
    state.by_address.assign(r.address, r.id);
    if (r.hostname) state.by_hostname.assign(r.hostname->text, r.id);
}

/// Only what is still this reservation's: in a restore another may have taken it over by now.
template <class Index, class Key>
void unindex(Index& index, const Key& key, const Uuid& id) {
    const auto* owner = index.find(key);
    if (owner != nullptr && *owner == id) index.erase(key);
}

/// `ours`: the container that serves it, where DHCP is for the containers' own network. Elsewhere dnsmasq is
/// on the host, whose address it puts in the place of 0.0.0.0.
std::string addresses(const std::optional<std::vector<Ipv4>>& servers, std::optional<Ipv4> ours) {
    if (!servers) return "," + to_string(ours.value_or(Ipv4{}));
    std::string text;
    for (const auto& server : *servers) text += "," + to_string(server);
    return text;
}

std::string config(const ScopeSettings& s, const World& world) {
    const auto& stack = world.get<stack::Service>().stack;
    const bool of_containers = stack.configured && s.network.overlaps(stack.settings.cell_network);
    const auto ours = [&](Ipv4 address) { return of_containers ? std::optional(address) : std::nullopt; };

    auto text = fmt::format(
        "# DHCP alone: names are the dns service's\nport=0\nbind-dynamic\ndhcp-authoritative\n"
        "dhcp-range={},{},{},{}\n",
        to_string(s.first), to_string(s.last), to_string(Ipv4{s.network.mask()}), s.lease_seconds);
    text += fmt::format("dhcp-option=option:router{}\n", s.router ? "," + to_string(*s.router) : "");
    text += fmt::format("dhcp-option=option:dns-server{}\n", addresses(s.dns, ours(stack.settings.dns_ip)));
    text += fmt::format("dhcp-option=option:ntp-server{}\n", addresses(s.ntp, ours(stack.settings.ntp_ip)));
    const auto& name = s.domain.value_or(world.get<cell::Service>().cell.settings.domain).text;
    return text + fmt::format("dhcp-option=option:domain-name,{}\ndhcp-option=option:domain-search,{}\n",
                              name, name);
}

std::string line(const Reservation& r) {
    auto text = fmt::format("{},{}", r.mac.text, to_string(r.address));
    if (r.hostname) text += "," + r.hostname->text;
    return text + "\n";
}

}  // namespace

void evolve(State& state, const ScopeSet& event, const Meta& meta) {
    state.scope = {event.scope, meta.version};
}

void evolve(State& state, const ReservationAdded& event, const Meta& meta) {
    const Reservation r{event.id, event.mac, event.address, event.hostname, meta.version, meta.at};
    index(state, r);
    state.reservations.assign(event.id, r);
}

void evolve(State& state, const ReservationRemoved& event, const Meta&) {
    const auto* r = state.reservations.find(event.id);
    if (r == nullptr) return;
    unindex(state.by_mac, r->mac.text, event.id);
    unindex(state.by_address, r->address, event.id);
    if (r->hostname) unindex(state.by_hostname, r->hostname->text, event.id);
    state.reservations.erase(event.id);
}

void reindex(State& state) {
    state.by_mac.clear();
    state.by_address.clear();
    state.by_hostname.clear();
    state.reservations.for_each([&](const Uuid&, const Reservation& r) { index(state, r); });
}

bool wanted(Service, const World& world) { return world.get<Service>().scope.scope.has_value(); }

void render(Service, const World* before, const World& now, Renderer& out) {
    const auto& state = now.get<Service>();
    if (!state.scope.scope) {
        out.drop(config_path);
        out.drop(reservations_path);
        return;
    }
    if (before != nullptr && !before->get<Service>().scope.scope) before = nullptr;
    const auto version = [](const World& world) {
        return std::tuple(world.get<Service>().scope.version, world.get<cell::Service>().cell.version,
                          world.get<stack::Service>().stack.version);
    };
    if (before == nullptr || version(*before) != version(now)) {
        out.put(config_path, "0", config(*state.scope.scope, now));
    }
    if (before == nullptr) out.put(reservations_path, "0", std::string("# MAC, address, name\n"));
    Renderer::each(before == nullptr ? nullptr : &before->get<Service>().reservations, state.reservations,
                   false, [&](const Uuid& id, const Reservation* r) {
                       const auto key = "device/" + to_string(id);
                       if (r == nullptr) {
                           out.remove(reservations_path, key);
                       } else {
                           out.put(reservations_path, key, line(*r));
                       }
                   });
}

}  // namespace pic::dhcp
