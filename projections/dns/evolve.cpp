#include "projections/cell/cell.hpp"
#include "projections/dns/dns.hpp"
#include "projections/peers/peers.hpp"

namespace pic::dns {
namespace {

/// RFC 1982 arithmetic: modulo 2^32, steps below 2^31. Zero is passed over, since some programs take it for
/// "none".
void raise(std::uint32_t& serial, std::uint32_t by = 1) {
    serial += by;
    if (serial == 0) serial = 1;
}

void raise_all(Serials& serials, std::uint32_t by = 1) {
    raise(serials.forward, by);
    raise(serials.reverse4, by);
    raise(serials.reverse6, by);
}

void raise_for(Serials& serials, const OwnerName& name) {
    raise(name.ipv4() ? serials.reverse4 : name.ipv6() ? serials.reverse6 : serials.forward);
}

std::string content_of(const Record& record) {
    const auto& s = record.settings;
    return s.name.text + ' ' + std::string(enum_name(s.type)) + ' ' + s.value.text;
}

void index(State& state, const Record& record) { state.by_content.assign(content_of(record), record.id); }

/// Forgets an entry only where it is this record's: within one restore records may exchange what they say.
void unindex(State& state, const Record& record) {
    const auto content = content_of(record);
    const auto* owner = state.by_content.find(content);
    if (owner != nullptr && *owner == record.id) state.by_content.erase(content);
}

}  // namespace

void evolve(State& state, const RecordAdded& event, const Meta& meta) {
    Record record{event.id, event.settings, meta.version, meta.at, meta.at};
    raise_for(state.serials, record.settings.name);
    if (meta.indexed) index(state, record);
    state.records.assign(event.id, std::move(record));
}

void evolve(State& state, const RecordChanged& event, const Meta& meta) {
    Record* record = state.records.edit(event.id);
    if (record == nullptr) return;
    if (meta.indexed) unindex(state, *record);
    raise_for(state.serials, record->settings.name);
    apply_patch(record->settings, event.changes);
    if (event.changes.name.present) raise_for(state.serials, record->settings.name);
    record->version = meta.version;
    record->updated_at = meta.at;
    if (meta.indexed) index(state, *record);
}

void evolve(State& state, const RecordRemoved& event, const Meta& meta) {
    const Record* record = state.records.find(event.id);
    if (record == nullptr) return;
    if (meta.indexed) unindex(state, *record);
    raise_for(state.serials, record->settings.name);
    state.records.erase(event.id);
}

void evolve(State& state, const UpstreamsSet& event, const Meta& meta) {
    state.upstreams = {event.servers, event.forwards, meta.version};
}

void evolve(State& state, const cell::CellClaimed&, const Meta&) { raise_all(state.serials); }

void evolve(State& state, const cell::CellChanged& event, const Meta&) {
    const auto& c = event.changes;
    if (c.domain.present) return raise_all(state.serials);  // also the reverse zones name names of the domain
    if (c.vpn_range.present || c.vpn_range6.present) raise(state.serials.forward);
    if (c.vpn_range.present || c.lan_range.present) raise(state.serials.reverse4);
    if (c.vpn_range6.present) raise(state.serials.reverse6);
}

void evolve(State& state, const cell::BackupRestored&, const Meta&) { raise_all(state.serials, backup_step); }

void evolve(State& state, const peers::PeerAdded&, const Meta&) { raise_all(state.serials); }
void evolve(State& state, const peers::PeerRemoved&, const Meta&) { raise_all(state.serials); }

void evolve(State& state, const peers::PeerChanged& event, const Meta&) {
    const auto& c = event.changes;
    if (c.name.present || c.enabled.present) return raise_all(state.serials);
    if (c.address.present || c.address6.present) raise(state.serials.forward);
    if (c.address.present) raise(state.serials.reverse4);
    if (c.address6.present) raise(state.serials.reverse6);
}

void reindex(State& state) {
    state.by_content.clear();
    state.records.for_each([&](const Uuid&, const Record& record) { index(state, record); });
}

}  // namespace pic::dns
