#include <fmt/format.h>

#include <algorithm>

#include "projections/core/command.hpp"
#include "projections/dns/dns.hpp"
#include "projections/dns/zones.hpp"
#include "projections/peers/peers.hpp"
#include "projections/world.hpp"

namespace pic::dns {
namespace {

using PlainRecord = RecordSettings<Plain>;

constexpr std::array own_names{std::string_view("cell"), std::string_view("ns")};

const State& state_of(const World& world) { return world.get<Service>(); }
const cell::Settings<Plain>& settings_of(const World& world) {
    return world.get<cell::Service>().cell.settings;
}

Result<const Record*> existing_record(const World& world, const Uuid& id) {
    return pic::existing(state_of(world).records, id, "DNS record");
}

ResourceName record_resource(const Uuid& id, bool removed = false) {
    return {"dns_records", to_string(id), stream_of(id), removed};
}

bool is_own(std::string_view name) { return std::ranges::find(own_names, name) != own_names.end(); }

/// Types that say where a name is: a peer's name, or one of the cell's own, says so already.
bool gives_address(RecordType type) {
    return type == RecordType::a || type == RecordType::aaaa || type == RecordType::cname;
}

bool peer_has(const World& world, std::string_view name, const Moving& moving) {
    const auto* peer = world.get<peers::Service>().by_name.find(name);
    return peer != nullptr && !is_moving(moving, peers::stream_of(*peer));
}

/// Brings the value to its canonical spelling.
Result<void> check_fields(PlainRecord& s) {
    auto value = canonical(s.type, s.value.text);
    if (!value) return invalid_field("/value", value.error());
    s.value = std::move(*value);
    if (s.ttl < ttl_least || s.ttl > ttl_most) {
        return invalid_field(
            "/ttl", fmt::format("the TTL is a number of seconds from {} to {}", ttl_least, ttl_most));
    }
    if (s.name.is_address() && s.type != RecordType::ptr) {
        return invalid_field("/name",
                             fmt::format("{} is an address: only a PTR record is named by one", s.name.text));
    }
    if (s.name.text == "@" && s.type == RecordType::cname) {
        return invalid_field("/name",
                             "the domain itself cannot be a CNAME: it has other records (RFC 1912 2.4)");
    }
    return {};
}

/// Names of peers and of the cell itself.
Result<void> check_owners(const World& world, const PlainRecord& s, const Moving& moving) {
    if (!gives_address(s.type)) return {};
    if (is_own(s.name.text))
        return reject_at("name_taken", "/name", fmt::format("{} is a name of the cell itself", s.name.text));
    if (peer_has(world, s.name.text, moving)) {
        return reject_at("name_taken", "/name", fmt::format("{} is the name of a peer", s.name.text));
    }
    return {};
}

/// Other records of the same name.
Result<void> check_neighbours(const World& world, const PlainRecord& s, const Uuid& self,
                              const Moving& moving) {
    const Record* clash = nullptr;
    each_record(state_of(world), s.name.text, [&](const Record& other) {
        if (other.id == self || is_moving(moving, stream_of(other.id))) return true;
        const bool same = other.settings.type == s.type && other.settings.value == s.value;
        const bool alias = other.settings.type == RecordType::cname || s.type == RecordType::cname;
        if (same || alias) clash = &other;
        return clash == nullptr;
    });
    if (clash == nullptr) return {};
    const auto type = enum_name(clash->settings.type);
    if (clash->settings.type == s.type && clash->settings.value == s.value) {
        return reject_at("record_exists", "/value",
                         fmt::format("there is a {} record of this name and value already", type));
    }
    return reject_at(
        "cname_conflict", "/name",
        fmt::format("a CNAME cannot share its name, and there is a {} record of {}", type, s.name.text));
}

/// Every rule that a record keeps, whichever command made it so.
Result<void> check(const World& world, PlainRecord& s, const Uuid& self, const Moving& moving = {}) {
    auto ok = check_fields(s);
    if (ok) ok = check_owners(world, s, moving);
    if (ok) ok = check_neighbours(world, s, self, moving);
    return ok;
}

Decision change(const Record& record, const PlainRecord& after) {
    Decision decision;
    decision.resource = record_resource(record.id);
    RecordChanged changed{{record.id, difference<RecordSettings>(record.settings, after)}};
    if (!is_empty<RecordSettings>(changed.changes)) decision.emit(stream_of(record.id), changed);
    return decision;
}

Result<void> check_servers(const World& world, const std::vector<SocketAddress>& servers,
                           const std::string& pointer) {
    if (servers.size() > servers_limit)
        return invalid_field(pointer, fmt::format("at most {} resolvers are taken", servers_limit));
    const auto own4 = to_string(cell::server_address(settings_of(world))),
               own6 = to_string(cell::server_address6(settings_of(world)));
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto at = fmt::format("{}/{}", pointer, i);
        const auto& address = servers[i].address;
        if (address == own4 || address == own6)
            return invalid_field(at, "this is the cell itself: it would ask itself for ever");
        if (address == "0.0.0.0" || address == "::")
            return invalid_field(at, "this is no address of a resolver");
        if (std::find(servers.begin(), servers.begin() + static_cast<std::ptrdiff_t>(i), servers[i]) !=
            servers.begin() + static_cast<std::ptrdiff_t>(i)) {
            return invalid_field(at, "this resolver is there twice");
        }
    }
    return {};
}

/// The cell answers for its own zones itself, so what lies within one of them would never be forwarded.
Result<void> check_forward(const World& world, const Forward& forward, const std::string& pointer) {
    for (const auto& zone : zones_of(settings_of(world))) {
        if (!within(forward.domain.text, zone.origin)) continue;
        return invalid_field(pointer + "/domain", fmt::format("the cell itself answers for {}", zone.origin));
    }
    if (forward.servers.empty()) return invalid_field(pointer + "/servers", "name at least one resolver");
    return check_servers(world, forward.servers, pointer + "/servers");
}

}  // namespace

std::string stream_of(const Uuid& id) { return "record-" + to_string(id); }

void prepare(AddRecord& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddRecord& command) {
    if (!command.settings.type.present) return invalid_field("/type", "this field is required");
    if (!command.settings.value.present) return invalid_field("/value", "this field is required");
    RecordAdded added{{command.id, {OwnerName{"@"}, RecordType::a, {}, ttl_default}}};
    apply_patch(added.settings, command.settings);
    if (auto ok = check(world, added.settings, command.id); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = record_resource(command.id);
    decision.emit(stream_of(command.id), added);
    return decision;
}

Result<Decision> decide(const World& world, const ChangeRecord& command) {
    const auto record = existing_record(world, command.id);
    if (!record) return std::unexpected(record.error());
    auto after = (*record)->settings;
    apply_patch(after, command.changes);
    if (auto ok = check(world, after, command.id); !ok) return std::unexpected(ok.error());
    return change(**record, after);
}

Result<Decision> decide(const World& world, const RemoveRecord& command) {
    const auto record = existing_record(world, command.id);
    if (!record) return std::unexpected(record.error());
    Decision decision;
    decision.resource = record_resource(command.id, true);
    decision.emit(stream_of(command.id), RecordRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreRecord& command) {
    auto target = command.settings;
    if (auto ok = check(world, target, command.id, command.moving); !ok) return std::unexpected(ok.error());
    const Record* present = state_of(world).records.find(command.id);
    if (present != nullptr) return change(*present, target);
    Decision decision;
    decision.resource = record_resource(command.id);
    decision.emit(stream_of(command.id), RecordAdded{{command.id, target}});
    return decision;
}

Result<Decision> decide(const World& world, const SetUpstreams& command) {
    if (auto ok = check_servers(world, command.servers, "/servers"); !ok) return std::unexpected(ok.error());
    if (command.forwards.size() > forwards_limit) {
        return invalid_field("/forwards",
                             fmt::format("at most {} domains have resolvers of their own", forwards_limit));
    }
    for (std::size_t i = 0; i < command.forwards.size(); ++i) {
        if (auto ok = check_forward(world, command.forwards[i], fmt::format("/forwards/{}", i)); !ok)
            return std::unexpected(ok.error());
    }
    UpstreamsSet set{command.servers, command.forwards};
    std::ranges::sort(set.forwards, {}, &Forward::domain);
    if (const auto twice = std::ranges::adjacent_find(set.forwards, {}, &Forward::domain);
        twice != set.forwards.end()) {
        return invalid_field("/forwards", fmt::format("{} is there twice", twice->domain.text));
    }
    Decision decision;
    decision.resource = {"dns_upstreams", "", std::string(upstreams_stream)};
    const auto& now = state_of(world).upstreams;
    if (now.servers != set.servers || now.forwards != set.forwards)
        decision.emit(std::string(upstreams_stream), set);
    return decision;
}

namespace {

/// Worlds that were made apart share nothing, and a diff of their maps visits what reads the same.
bool same_settings(const Record& a, const Record& b) {
    return is_empty<RecordSettings>(difference<RecordSettings>(a.settings, b.settings));
}

}  // namespace

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Records = CowMap<Uuid, Record>;
    Records::diff(state_of(now).records, state_of(target).records,
                  [&](const Uuid& id, const Record* present, const Record* then) {
                      if (!out.wants(stream_of(id))) return;
                      if (then == nullptr) {
                          out.add(stream_of(id), RemoveRecord{id});
                      } else if (present == nullptr || !same_settings(*present, *then)) {
                          out.add(stream_of(id), RestoreRecord{{id, then->settings}, out.moving()});
                      }
                  });
    reconcile_blocklists(now, target, out);
    const auto& then = state_of(target).upstreams;
    const auto& present = state_of(now).upstreams;
    if (!out.wants(upstreams_stream) ||
        (then.servers == present.servers && then.forwards == present.forwards))
        return;
    out.add(std::string(upstreams_stream), SetUpstreams{then.servers, then.forwards});
}

bool name_in_use(const World& world, const std::string& name, const Moving& moving) {
    if (is_own(name)) return true;
    bool used = false;
    each_record(state_of(world), name, [&](const Record& record) {
        used = gives_address(record.settings.type) && !is_moving(moving, stream_of(record.id));
        return !used;
    });
    return used;
}

}  // namespace pic::dns
