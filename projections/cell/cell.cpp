#include "projections/cell/cell.hpp"

#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::cell {
namespace {

ResourceName resource() { return {"cell", "", std::string(stream)}; }

std::unexpected<Rejection> invalid(std::string pointer, std::string detail) {
    return reject("invalid_field", detail, {{std::move(pointer), detail}});
}

Result<void> check_networks(const Settings<Plain>& s) {
    if (!is_private(s.vpn_range)) {
        return invalid("/vpn_range", fmt::format("{} is not a private range (RFC 1918: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16)",
                                                 to_string(s.vpn_range)));
    }
    if (s.vpn_range.prefix < widest_prefix || s.vpn_range.prefix > narrowest_prefix) {
        return invalid("/vpn_range", fmt::format("the prefix of the VPN range is a number from {} to {}", widest_prefix, narrowest_prefix));
    }
    if (!is_unique_local(s.vpn_range6) || s.vpn_range6.prefix != vpn6_prefix) {
        return invalid("/vpn_range6", fmt::format("{} is not a unique local /64 (RFC 4193)", to_string(s.vpn_range6)));
    }
    if (s.lan_range && s.lan_range->overlaps(s.vpn_range)) {
        return invalid("/lan_range", fmt::format("{} overlaps the VPN range {}", to_string(*s.lan_range), to_string(s.vpn_range)));
    }
    return {};
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
    if (world.get<Service>().cell.claimed) return reject("already_set_up", "this cell has been set up already");
    CellClaimed claimed{command.id,
                        {command.cell_name, command.domain, command.vpn_range, command.vpn_range6, std::nullopt, std::nullopt,
                         command.timezone.value_or(TimeZone{"UTC"})}};
    if (auto ok = check_networks(claimed.settings); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.emit(std::string(stream), claimed);
    decision.resource = resource();
    return decision;
}

Result<Decision> decide(const World& world, const ChangeCell& command) {
    const auto& before = world.get<Service>().cell.settings;
    auto after = before;
    apply_patch(after, command.changes);
    if (auto ok = check_networks(after); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = resource();
    const CellChanged changed{difference<Settings>(before, after)};
    if (is_empty<Settings>(changed.changes)) return decision;
    decision.emit(std::string(stream), changed);
    if (changed.changes.vpn_range.present || changed.changes.vpn_range6.present) {
        const auto moved = peers::readdress(world, before.vpn_range, after.vpn_range, before.vpn_range6, after.vpn_range6, decision);
        if (!moved) return std::unexpected(moved.error());
    }
    return decision;
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
    const auto changes = difference<Settings>(now.get<Service>().cell.settings, target.get<Service>().cell.settings);
    if (!is_empty<Settings>(changes)) out.add(ChangeCell{changes});
}

}  // namespace pic::cell
