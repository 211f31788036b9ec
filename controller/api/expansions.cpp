#include <fmt/format.h>
#include <simdjson.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "controller/access/tokens.hpp"
#include "controller/api/enrolment.hpp"
#include "controller/api/expansion.hpp"
#include "controller/core/time_zones.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/dispatch.hpp"
#include "projections/peers/peers.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

struct TokenRequest {
    Text name;
    std::vector<std::string> scopes;
    std::optional<Timestamp> expires_at;
    std::vector<Cidr> sources;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("scopes", s.scopes), field("expires_at", s.expires_at),
                          field("sources", s.sources));
    }
};

/// Nobody hands out what they may not do.
Result<void> check_scopes(const Expansion& e, const std::vector<std::string>& given) {
    const auto scopes = access::Scopes::parse(given);
    if (!scopes) return std::unexpected(scopes.error());
    if (!e.call.principal || e.call.principal->scopes.covers(*scopes)) return {};
    return reject("forbidden", "nobody can be given more than their maker may do");
}

Result<void> add_token(Expansion& e) {
    auto asked = from_json<TokenRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    if (auto fine = check_scopes(e, asked->scopes); !fine) return fine;
    const auto id = core::new_uuid();
    auto made = access::make_token(id);
    auto ref = e.seal(fmt::format("token/{}/hash", to_string(id)), made.hash);
    if (!ref) return std::unexpected(ref.error());
    e.add(accounts::AddToken{id, asked->name, asked->scopes, e.actor(), asked->expires_at,
                             std::move(asked->sources), *ref});
    e.out.once = {"token", std::string(made.text.reveal())};
    return {};
}

struct ClientRequest {
    std::optional<Text> name;
    std::vector<std::string> services;
    std::vector<std::string> scopes;
    std::optional<std::string> public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("services", s.services), field("scopes", s.scopes),
                          field("public_key", s.public_key));
    }
};

Result<void> add_client(Expansion& e, accounts::BusKind kind) {
    auto asked = from_json<ClientRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    // All is much to give too, and is said and checked as such.
    if (kind == accounts::BusKind::subscriber && asked->scopes.empty()) asked->scopes = {"*:read"};
    if (auto fine = check_scopes(e, asked->scopes); !fine) return fine;
    const auto id = core::new_uuid();
    accounts::InviteBusClient invite{
        id, kind, asked->name.value_or(Text{}), asked->services, asked->scopes, std::nullopt};
    if (asked->public_key) {
        e.add(std::move(invite));
        e.add(accounts::EnrolBusClient{id, kind, *asked->public_key});
        return {};
    }
    auto token = make_enrolment_token(kind, id);
    auto ref = e.seal(enrolment_secret(kind, id), token.hash);
    if (!ref) return std::unexpected(ref.error());
    invite.enrolment_ref = *ref;
    e.add(std::move(invite));
    e.out.once = {"enrolment_token", std::string(token.text.reveal())};
    return {};
}

Result<void> remove_client(Expansion& e, accounts::BusKind kind) {
    const auto asked = from_json<IdOnly>(e.data);
    if (!asked) return std::unexpected(asked.error());
    e.add(accounts::RemoveBusClient{asked->id, kind});
    return {};
}

Result<void> compensate(Expansion& e, Result<core::Compensation> plan) {
    if (!plan) return std::unexpected(std::move(plan.error()));
    e.out.request.commands = std::move(plan->commands);
    e.out.request.expected = std::move(plan->expected);
    e.out.request.causation = plan->undoes;
    return {};
}

Result<void> undo(Expansion& e) {
    const std::uint64_t seq = e.data["seq"].get_uint64().value_unsafe();
    return compensate(
        e, core::plan_undo(e.with.cell.store(), e.with.cell.history(), *e.with.cell.world(), Sequence{seq}));
}

Result<void> restore_to(Expansion& e) {
    const std::uint64_t seq = e.data["to_seq"].get_uint64().value_unsafe();
    return compensate(e, core::plan_restore(e.with.cell.history(), *e.with.cell.world(), Sequence{seq}));
}

/// Only a zone that is newly said is looked up.
Result<void> change_cell(Expansion& e) {
    auto asked = from_json<cell::ChangeCell>(e.data);
    if (!asked) return std::unexpected(std::move(asked.error()));
    const auto& zone = asked->changes.timezone;
    if (zone.present && zone.value != e.with.cell.world()->get<cell::Service>().cell.settings.timezone) {
        if (auto ok = core::check_time_zone(zone.value, "/timezone"); !ok) return ok;
    }
    e.add(*std::move(asked));
    return {};
}

/// The cell's readable picture taken back: what differs from today becomes commands, as in a restore.
Result<void> import_config(Expansion& e) {
    auto target = parse_world(simdjson::minify(e.data));
    if (!target) return reject("invalid_config", target.error().detail, target.error().errors);
    const auto zone_of = [](const World& world) { return world.get<cell::Service>().cell.settings.timezone; };
    if (zone_of(*target) != zone_of(*e.with.cell.world())) {
        if (auto ok = core::check_time_zone(zone_of(*target), "/cell/cell/timezone"); !ok) return ok;
    }
    e.out.request.commands =
        reconcile_worlds(*e.with.cell.world(), *target, [](std::string_view) { return true; });
    return {};
}

const Expansions& table() {
    static const Expansions entries = [] {
        Expansions made{
            {"AddToken", {add_token}},
            {"AddAgent", {[](Expansion& e) { return add_client(e, accounts::BusKind::agent); }}},
            {"AddSubscriber", {[](Expansion& e) { return add_client(e, accounts::BusKind::subscriber); }}},
            {"RemoveAgent", {[](Expansion& e) { return remove_client(e, accounts::BusKind::agent); }}},
            {"RemoveSubscriber",
             {[](Expansion& e) { return remove_client(e, accounts::BusKind::subscriber); }}},
            {"ChangeCell", {change_cell}},
            {"Undo", {undo, true}},
            {"RestoreTo", {restore_to, true}},
            {"ImportConfig", {import_config, true}},
        };
        add_confirmation_expansions(made);
        add_people_expansions(made);
        add_dhcp_expansions(made);
        add_vault_expansions(made);
        add_secret_expansions(made);
        return made;
    }();
    return entries;
}

/// What a member may say of a device of their own: what concerns the device. Where it may go is the
/// operators' business.
constexpr std::array<std::string_view, 6> own_peer_fields{
    "id", "name", "public_key", "preshared_key", "keepalive", "keep_key"};

Result<void> check_own_fields(std::string_view command, Json data) {
    if (!command.ends_with("Peer") && !command.ends_with("PeerKey")) return {};
    FieldErrors errors;
    for (const auto [key, value] : simdjson::dom::object(data)) {
        if (std::ranges::find(own_peer_fields, key) != own_peer_fields.end()) continue;
        errors.push_back({fmt::format("/{}", key), "needs the scope peers:write"});
    }
    if (errors.empty()) return {};
    return reject("forbidden", "of your own devices you may set name, key, keepalive and no more",
                  std::move(errors));
}

/// A device that a member adds is that member's.
Result<AnyCommand> own_peer(Json data, const http::Principal& who) {
    auto asked = from_json<peers::AddPeer>(data);
    if (!asked) return std::unexpected(std::move(asked.error()));
    asked->settings.owner = std::optional(Text{who.username});
    return std::make_unique<CommandOf<peers::AddPeer>>(*std::move(asked));
}

}  // namespace

bool takes_long(const http::CommandCall& call) {
    if (call.dry_run || call.confirm_within) return true;
    for (const auto& command : call.commands) {
        const auto entry = table().find(command.type);
        if (entry != table().end() && entry->second.long_running) return true;
    }
    return false;
}

Result<Expanded> expand(const CommandContext& with, const http::CommandCall& call) {
    Expanded out;
    thread_local simdjson::dom::parser parser;
    // Pointers lead into the body that was sent.
    const auto placed = [&](Rejection refused, const http::CommandCall::Command& command) {
        const auto index = static_cast<std::size_t>(&command - call.commands.data());
        return std::unexpected(call.is_change_set ? core::within_command(std::move(refused), index)
                                                  : std::move(refused));
    };
    for (const auto& command : call.commands) {
        Json data;
        if (parser.parse(command.data).get(data) != simdjson::SUCCESS)
            return reject("malformed_json", "the body is no JSON");
        if (call.own_only) {
            if (auto ok = check_own_fields(command.type, data); !ok)
                return placed(std::move(ok.error()), command);
        }
        if (const auto entry = table().find(command.type); entry != table().end()) {
            Expansion expansion{with, call, data, out};
            if (auto ok = entry->second.expand(expansion); !ok) return placed(std::move(ok.error()), command);
            continue;
        }
        auto made = call.own_only && command.type == peers::AddPeer::type
                        ? own_peer(data, *call.principal)
                        : decode_command(command.type, data);
        if (!made) return placed(std::move(made.error()), command);
        out.request.commands.push_back(*std::move(made));
    }
    return out;
}

}  // namespace pic::api
