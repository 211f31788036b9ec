#include "projections/cell/cell.hpp"

#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/peers/peers.hpp"
#include "projections/stack/stack.hpp"
#include "projections/world.hpp"

namespace pic::cell {
namespace {

ResourceName resource() { return {"cell", "", std::string(stream)}; }

Result<void> check_networks(const Settings<Plain>& s) {
    if (!is_private(s.vpn_range)) {
        return invalid_field(
            "/vpn_range",
            fmt::format("{} is not a private range (RFC 1918: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)",
                        to_string(s.vpn_range)));
    }
    if (s.vpn_range.prefix < widest_prefix || s.vpn_range.prefix > narrowest_prefix) {
        return invalid_field(
            "/vpn_range", fmt::format("the prefix of the VPN range is a number from {} to {}", widest_prefix,
                                      narrowest_prefix));
    }
    if (!is_unique_local(s.vpn_range6) || s.vpn_range6.prefix != vpn6_prefix) {
        return invalid_field("/vpn_range6",
                             fmt::format("{} is not a unique local /64 (RFC 4193)", to_string(s.vpn_range6)));
    }
    if (s.lan_range && s.lan_range->overlaps(s.vpn_range)) {
        return invalid_field("/lan_range", fmt::format("{} overlaps the VPN range {}",
                                                       to_string(*s.lan_range), to_string(s.vpn_range)));
    }
    return {};
}

/// A domain whose zone could not be told from a reverse zone, or that leaves no room for names below it, is
/// none.
Result<void> check_domain(const Settings<Plain>& s) {
    const std::string_view domain = s.domain.text;
    if (domain.size() > domain_limit)
        return invalid_field("/domain", fmt::format("the domain has at most {} characters", domain_limit));
    for (const std::string_view reserved : {"in-addr.arpa", "ip6.arpa"}) {
        if (domain == reserved || domain.ends_with("." + std::string(reserved))) {
            return invalid_field("/domain", fmt::format("{} is kept for reverse zones", reserved));
        }
    }
    return {};
}

Result<void> check(const Settings<Plain>& s) {
    auto ok = check_networks(s);
    if (ok) ok = check_domain(s);
    return ok;
}

/// The settings become `after`; peers that are not themselves moving get their place in the new networks.
Result<Decision> change(const World& world, const Settings<Plain>& after, const Moving& moving) {
    const auto& before = world.get<Service>().cell.settings;
    auto ok = check(after);
    if (ok) ok = stack::check_network(world, "/vpn_range", after.vpn_range);
    if (ok && after.lan_range) ok = stack::check_network(world, "/lan_range", *after.lan_range);
    if (!ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = resource();
    const CellChanged changed{difference<Settings>(before, after)};
    if (is_empty<Settings>(changed.changes)) return decision;
    decision.emit(std::string(stream), changed);
    const auto settled = peers::settle(world, before, after, moving, decision);
    if (!settled) return std::unexpected(settled.error());
    return decision;
}

}  // namespace

void prepare(SetUpCell& command, Supply& supply) {
    command.id = supply.uuid();
    // RFC 4193: fd00::/8, then 40 random bits; the cell uses the first subnet of its prefix.
    auto random = supply.random();
    command.vpn_range6.prefix = vpn6_prefix;
    auto& bytes = command.vpn_range6.network.bytes;
    bytes[0] = 0xfd;
    for (std::size_t i = 1; i < 6; ++i, random >>= 8) bytes[i] = static_cast<std::uint8_t>(random);
}

Result<Decision> decide(const World& world, const SetUpCell& command) {
    if (world.get<Service>().cell.claimed)
        return reject("already_claimed", "this cell has been set up already");
    CellClaimed claimed{{command.id,
                         {command.cell_name, command.domain, command.vpn_range, command.vpn_range6,
                          std::nullopt, std::nullopt, command.timezone.value_or(TimeZone{"UTC"})}}};
    if (auto ok = check(claimed.settings); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.emit(std::string(stream), claimed);
    decision.resource = resource();
    return decision;
}

Result<Decision> decide(const World& world, const ChangeCell& command) {
    auto after = world.get<Service>().cell.settings;
    apply_patch(after, command.changes);
    return change(world, after, {});
}

Result<Decision> decide(const World& world, const RestoreCell& command) {
    return change(world, command.settings, command.moving);
}

Result<Decision> decide(const World&, const NoteBackupRestored& command) {
    Decision decision;
    decision.resource = resource();
    decision.emit(std::string(stream), BackupRestored{command.epoch});
    return decision;
}

void evolve(State& state, const CellClaimed& event, const Meta& meta) {
    state.cell = {event.id, true, event.settings, meta.version, meta.at, meta.at};
}

void evolve(State& state, const CellChanged& event, const Meta& meta) {
    apply_patch(state.cell.settings, event.changes);
    state.cell.version = meta.version;
    state.cell.updated_at = meta.at;
}

void evolve(State& state, const BackupRestored&, const Meta& meta) { state.cell.version = meta.version; }

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    if (!out.wants(stream) || !target.get<Service>().cell.claimed) return;
    const auto& settings = target.get<Service>().cell.settings;
    if (is_empty<Settings>(difference<Settings>(now.get<Service>().cell.settings, settings))) return;
    out.add(std::string(stream), RestoreCell{settings, out.moving()});
}

}  // namespace pic::cell
