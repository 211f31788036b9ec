#include "projections/stack/stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/stack/variables.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic::stack {
namespace {

constexpr Ipv4 everywhere{0}, loopback{0x7f000001};
constexpr unsigned widest_prefix = 8, narrowest_prefix = 26;
/// Docker gives the network's first address to the bridge.
constexpr std::uint64_t gateway = 1;

/// A service's part of the variables, and its one port where it has one.
struct Part {
    std::string_view service, prefix;
    Port Settings<Plain>::* port = nullptr;
};
constexpr std::array parts{
    Part{"dns", "DNS_", &Settings<Plain>::dns_port},
    Part{"dhcp", "DHCP_", &Settings<Plain>::dhcp_port},
    Part{"ntp", "NTP_", &Settings<Plain>::ntp_port},
    Part{"wireguard", "WG_", nullptr},
    Part{"mail", "MAIL_", nullptr},
    Part{"calendar", "RADICALE_", &Settings<Plain>::radicale_port},
    Part{"files", "WEBDAV_", &Settings<Plain>::webdav_port},
    Part{"proxy", "CADDY_", nullptr},
    Part{"webmail", "RAINLOOP_", &Settings<Plain>::rainloop_port},
};

const Part* part_of(std::string_view service) {
    const auto found = std::ranges::find(parts, service, &Part::service);
    return found == parts.end() ? nullptr : found;
}

const Stack& stack_of(const World& world) { return world.get<Service>().stack; }
ResourceName resource() { return {"stack", "", std::string(stream)}; }

/// f(field) for every field of `settings` whose name ends in `suffix`.
template <class S, class F>
void each_ending(S& settings, std::string_view suffix, F&& f) {
    const auto one = [&](const auto& field) {
        if (field.name.ends_with(suffix)) f(field);
    };
    std::apply([&](const auto&... all) { (one(all), ...); }, std::remove_cvref_t<S>::fields(settings));
}

Result<void> check_addresses(const Settings<Plain>& s) {
    const auto& network = s.cell_network;
    if (!is_private(network) || network.prefix < widest_prefix || network.prefix > narrowest_prefix) {
        return invalid_field(
            "/cell_network",
            fmt::format("CELL_NETWORK is a private range (RFC 1918) with a prefix from {} to {}",
                        widest_prefix, narrowest_prefix));
    }
    std::map<Ipv4, std::string> taken{{network.network, "the network itself"},
                                      {network.at(gateway), "the bridge"},
                                      {network.broadcast(), "the broadcast address"}};
    Result<void> ok;
    each_ending(s, "_ip", [&](const auto& field) {
        if constexpr (std::same_as<std::remove_cvref_t<decltype(field.value)>, Ipv4>) {
            if (!ok) return;
            const auto pointer = "/" + std::string(field.name);
            const auto name = variable_name(field.name);
            if (!network.contains(field.value)) {
                ok = invalid_field(pointer, fmt::format("{} {} is not in CELL_NETWORK {}", name,
                                                        to_string(field.value), to_string(network)));
            } else if (const auto [other, is_new] = taken.emplace(field.value, name); !is_new) {
                ok = invalid_field(
                    pointer, fmt::format("{} {} is taken: {}", name, to_string(field.value), other->second));
            }
        }
    });
    return ok;
}

Result<void> check_ports(const Settings<Plain>& s, Port wireguard_port) {
    // UDP services may share a number with TCP ones; DNS has both.
    std::map<Port, std::string> tcp, udp{{wireguard_port, "WG_PORT"}};
    Result<void> ok;
    each_ending(s, "_port", [&](const auto& field) {
        if constexpr (std::same_as<std::remove_cvref_t<decltype(field.value)>, Port>) {
            if (!ok) return;
            const auto name = variable_name(field.name);
            const auto pointer = "/" + std::string(field.name);
            if (field.value == 0)
                return void(ok = invalid_field(pointer, name + " is a number from 1 to 65535"));
            const bool is_udp =
                field.name == "dns_port" || field.name == "dhcp_port" || field.name == "ntp_port";
            const bool is_tcp = field.name == "dns_port" || !is_udp;
            for (auto* ports : {is_udp ? &udp : nullptr, is_tcp ? &tcp : nullptr}) {
                if (ports == nullptr || !ok) continue;
                const auto [other, is_new] = ports->emplace(field.value, name);
                if (!is_new)
                    ok = invalid_field(pointer,
                                       fmt::format("{} {} is taken: {}", name, field.value, other->second));
            }
        }
    });
    return ok;
}

Result<void> check(const World& world, const Settings<Plain>& s, Port wireguard_port) {
    if (auto ok = check_addresses(s); !ok) return ok;
    if (auto ok = check_ports(s, wireguard_port); !ok) return ok;
    const auto& cell = world.get<cell::Service>().cell;
    if (!cell.claimed) return {};
    const auto overlaps = [&](const Cidr4& other, const char* what) {
        return invalid_field("/cell_network", fmt::format("CELL_NETWORK {} overlaps {} {}",
                                                          to_string(s.cell_network), what, to_string(other)));
    };
    if (s.cell_network.overlaps(cell.settings.vpn_range))
        return overlaps(cell.settings.vpn_range, "the VPN range");
    if (cell.settings.lan_range && s.cell_network.overlaps(*cell.settings.lan_range)) {
        return overlaps(*cell.settings.lan_range, "the LAN");
    }
    return {};
}

/// In another network an address keeps its place, unless it was given too.
void move_addresses(const Cidr4& from, const Cidr4& to, const Settings<Patch>& given,
                    Settings<Plain>& settings) {
    record_detail::zip_fields(settings, given, [&](const auto& plain, const auto& change) {
        if constexpr (std::same_as<std::remove_cvref_t<decltype(plain.value)>, Ipv4>) {
            if (!plain.name.ends_with("_ip") || change.value.present) return;
            const auto place = plain.value.bits - from.network.bits;
            if (from.contains(plain.value) && place < to.size()) plain.value = to.at(place);
        }
    });
}

Settings<Plain> patched(const Settings<Plain>& before, const Settings<Patch>& changes) {
    auto after = before;
    apply_patch(after, changes);
    move_addresses(before.cell_network, after.cell_network, changes, after);
    return after;
}

Result<Decision> settle(const World& world, const Settings<Plain>& after, std::optional<Port> wireguard_port,
                        bool configure) {
    const auto& wireguard = world.get<wireguard::Service>().wireguard.settings;
    if (auto ok = check(world, after, wireguard_port.value_or(wireguard.listen_port)); !ok)
        return std::unexpected(ok.error());
    if (!configure && after.compose_project_name != stack_of(world).settings.compose_project_name) {
        return invalid_field("/compose_project_name",
                             "COMPOSE_PROJECT_NAME names the containers that run: it stays as it was set up");
    }
    Decision decision;
    decision.resource = resource();
    if (configure) {
        decision.emit(std::string(stream), StackConfigured{after});
    } else if (StackChanged changed{difference<Settings>(stack_of(world).settings, after)};
               !is_empty<Settings>(changed.changes)) {
        decision.emit(std::string(stream), changed);
    }
    if (wireguard_port && *wireguard_port != wireguard.listen_port) {
        wireguard::WireguardChanged changed;
        changed.changes.listen_port = *wireguard_port;
        decision.emit(std::string(wireguard::stream), changed);
    }
    return decision;
}

}  // namespace

Settings<Plain> original() {
    Settings<Plain> s;
    s.cell_network = {{0xac140000}, 16};  // 172.20.0.0/16
    std::uint64_t place = 2;
    for (auto* address : {&s.caddy_ip, &s.dns_ip, &s.dhcp_ip, &s.ntp_ip, &s.wg_ip, &s.mail_ip, &s.radicale_ip,
                          &s.webdav_ip, &s.api_ip, &s.webui_ip, &s.rainloop_ip, &s.filegator_ip}) {
        *address = s.cell_network.at(place++);
    }
    s.http_port = 80;
    s.https_port = 443;
    s.dns_port = 53;
    s.dhcp_port = 67;
    s.ntp_port = 123;
    s.mail_smtp_port = 25;
    s.mail_submission_port = 587;
    s.mail_submissions_port = 465;
    s.mail_imap_port = 993;
    s.radicale_port = 5232;
    s.webdav_port = 8080;
    s.api_port = 3000;
    s.webui_port = 8081;
    s.rainloop_port = 8888;
    s.filegator_port = 8082;
    for (auto* bind : {&s.caddy_bind, &s.dns_bind, &s.dhcp_bind, &s.ntp_bind, &s.wg_bind, &s.mail_bind,
                       &s.webui_bind, &s.rainloop_bind, &s.filegator_bind}) {
        *bind = everywhere;
    }
    for (auto* bind : {&s.radicale_bind, &s.webdav_bind, &s.api_bind}) *bind = loopback;
    s.puid = s.pgid = 1000;
    s.pic_log_level = LogLevel::info;
    s.compose_project_name = {"cell"};
    return s;
}

Result<Decision> decide(const World& world, const ImportEnvironment& command) {
    auto read = read_assignments(command.variables);
    if (!read) return std::unexpected(read.error());
    const auto after = patched(stack_of(world).settings, read->changes);
    return settle(world, after, read->wireguard_port, !stack_of(world).configured);
}

Result<Decision> decide(const World& world, const ChangeStack& command) {
    if (!stack_of(world).configured)
        return reject("conflict", "this cell is no stack: it has no containers to give addresses to");
    return settle(world, patched(stack_of(world).settings, command.changes), std::nullopt, false);
}

void evolve(State& state, const StackConfigured& event, const Meta& meta) {
    state.stack = {true, event.settings, meta.version};
}

void evolve(State& state, const StackChanged& event, const Meta& meta) {
    apply_patch(state.stack.settings, event.changes);
    state.stack.version = meta.version;
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    // That this cell runs as a stack is a fact of its surroundings, not a decision to be taken back.
    if (!out.wants(stream) || !stack_of(now).configured || !stack_of(target).configured) return;
    const auto changes = difference<Settings>(stack_of(now).settings, stack_of(target).settings);
    if (!is_empty<Settings>(changes)) out.add(std::string(stream), ChangeStack{changes});
}

std::vector<Assignment> assignments(const World& world) {
    auto all = write_assignments(stack_of(world).settings);
    all.push_back(
        {"WG_PORT", std::to_string(world.get<wireguard::Service>().wireguard.settings.listen_port)});
    return all;
}

std::string environment(const World& world) {
    if (!stack_of(world).configured) return {};
    std::string text =
        "# Made from the cell's log by 'make setup' and 'make restart'. Change a value with the API, the UI "
        "or\n"
        "# 'picctl stack set', or here and then 'make adopt'. What each variable is: .env.example.\n";
    for (const auto& [name, value] : assignments(world)) text += fmt::format("{}={}\n", name, value);
    return text;
}

std::optional<Port> port_of(const World& world, std::string_view service) {
    const auto* part = part_of(service);
    if (part == nullptr || !stack_of(world).configured) return std::nullopt;
    if (service == "wireguard") return world.get<wireguard::Service>().wireguard.settings.listen_port;
    if (part->port == nullptr) return std::nullopt;
    return stack_of(world).settings.*part->port;
}

Result<void> change_port(const World& world, std::string_view service, Port port, Decision& decision) {
    if (!stack_of(world).configured) {
        return reject("conflict",
                      "the local runtime's ports are chosen when it is started (PIC_DNS_PORT and the like)");
    }
    const auto* part = part_of(service);
    auto after = stack_of(world).settings;
    std::optional<Port> wireguard_port;
    if (service == "wireguard") {
        wireguard_port = port;
    } else if (part != nullptr && part->port != nullptr) {
        after.*part->port = port;
    } else {
        return invalid_field(
            "/port", fmt::format("{} has several ports or none: they are variables of /stack", service));
    }
    if (port == 0) return invalid_field("/port", "a port is a number from 1 to 65535");
    auto settled = settle(world, after, wireguard_port, false);
    if (!settled)
        return reject(settled.error().code, settled.error().detail, {{"/port", settled.error().detail}});
    for (auto& event : settled->events) decision.events.push_back(std::move(event));
    return {};
}

Result<void> check_network(const World& world, const char* pointer, const Cidr4& network) {
    const auto& stack = stack_of(world);
    if (!stack.configured || !stack.settings.cell_network.overlaps(network)) return {};
    return invalid_field(pointer, fmt::format("{} overlaps the containers' network {} (CELL_NETWORK)",
                                              to_string(network), to_string(stack.settings.cell_network)));
}

std::string pending_restart(const World& world, std::string_view service,
                            const std::vector<Assignment>& running) {
    const auto* part = part_of(service);
    if (part == nullptr || !stack_of(world).configured) return {};
    std::string reason;
    for (const auto& wanted : assignments(world)) {
        const bool concerns = wanted.name.starts_with(part->prefix) || wanted.name == "CELL_NETWORK" ||
                              (service == "proxy" && wanted.name.starts_with("HTTP"));
        const auto is = std::ranges::find(running, wanted.name, &Assignment::name);
        if (!concerns || is == running.end() || is->value == wanted.value) continue;
        reason += fmt::format("{}{} is {} and becomes {}", reason.empty() ? "" : ", ", wanted.name, is->value,
                              wanted.value);
    }
    return reason.empty() ? reason : reason + " with the next make restart";
}

}  // namespace pic::stack
