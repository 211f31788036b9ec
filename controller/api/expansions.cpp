#include <fmt/format.h>
#include <simdjson.h>
#include <sodium.h>

#include <map>

#include "controller/access/tokens.hpp"
#include "controller/api/commands.hpp"
#include "controller/api/enrolment.hpp"
#include "projections/dispatch.hpp"

namespace pic::api {
namespace {

using Json = simdjson::dom::element;

/// One call of an expansion: what it may look at, and where the result goes.
struct Expansion {
    core::Cell& cell;
    const http::CommandCall& call;
    Json data;
    Expanded& out;

    template <class C>
    void add(C command) {
        out.request.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command)));
    }
    [[nodiscard]] std::string actor() const { return call.principal ? call.principal->actor : "public"; }
    /// Seals a secret, unless this is a dry run; it is on the disk before the change that names it.
    [[nodiscard]] Result<SecretRef> seal(const std::string& name, const vault::Secret& secret) {
        if (call.dry_run) return SecretRef{name, 1};
        return cell.vault().stage(name, secret);
    }
};

struct TokenRequest {
    Text name;
    std::vector<std::string> scopes;
    std::optional<Timestamp> expires_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("scopes", s.scopes), field("expires_at", s.expires_at));
    }
};

Result<void> add_token(Expansion& e) {
    auto asked = from_json<TokenRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    auto scopes = access::Scopes::parse(asked->scopes);
    if (!scopes) return std::unexpected(scopes.error());
    if (e.call.principal && !e.call.principal->scopes.covers(*scopes)) {
        return reject("forbidden", "a token cannot be given more than its maker may do");
    }
    const auto id = core::new_uuid();
    auto made = access::make_token(id);
    auto ref = e.seal(fmt::format("token/{}/hash", to_string(id)), made.hash);
    if (!ref) return std::unexpected(ref.error());
    e.add(accounts::AddToken{id, asked->name, asked->scopes, e.actor(), asked->expires_at, *ref});
    e.out.once = {"token", std::string(made.text.reveal())};
    return {};
}

struct ClientRequest {
    std::optional<Text> name;
    std::vector<std::string> services;
    std::optional<std::string> public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("services", s.services), field("public_key", s.public_key));
    }
};

Result<void> add_client(Expansion& e, accounts::BusKind kind) {
    auto asked = from_json<ClientRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    const auto id = core::new_uuid();
    accounts::InviteBusClient invite{id, kind, asked->name.value_or(Text{}), asked->services, std::nullopt};
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

struct IdOnly {
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};

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
    return compensate(e, core::plan_undo(e.cell.store(), e.cell.history(), *e.cell.world(), Sequence{seq}));
}

Result<void> restore_to(Expansion& e) {
    const std::uint64_t seq = e.data["to_seq"].get_uint64().value_unsafe();
    return compensate(e, core::plan_restore(e.cell.history(), *e.cell.world(), Sequence{seq}));
}

/// The cell's readable picture taken back: what differs from today becomes commands, as in a restore.
Result<void> import_config(Expansion& e) {
    auto target = parse_world(simdjson::minify(e.data));
    if (!target) return reject("invalid_config", target.error().detail, target.error().errors);
    e.out.request.commands = reconcile_worlds(*e.cell.world(), *target, [](std::string_view) { return true; });
    return {};
}

using Expand = Result<void> (*)(Expansion&);

/// Everything that is not simply a command of the domain. `long_running`: reads the log.
struct Entry {
    Expand expand;
    bool long_running = false;
};

const std::map<std::string_view, Entry>& table() {
    static const std::map<std::string_view, Entry> entries{
        {"AddToken", {add_token}},
        {"AddAgent", {[](Expansion& e) { return add_client(e, accounts::BusKind::agent); }}},
        {"AddSubscriber", {[](Expansion& e) { return add_client(e, accounts::BusKind::subscriber); }}},
        {"RemoveAgent", {[](Expansion& e) { return remove_client(e, accounts::BusKind::agent); }}},
        {"RemoveSubscriber", {[](Expansion& e) { return remove_client(e, accounts::BusKind::subscriber); }}},
        {"Undo", {undo, true}},
        {"RestoreTo", {restore_to, true}},
        {"ImportConfig", {import_config, true}},
    };
    return entries;
}

}  // namespace

bool takes_long(const http::CommandCall& call) {
    if (call.dry_run) return true;
    for (const auto& command : call.commands) {
        const auto entry = table().find(command.type);
        if (entry != table().end() && entry->second.long_running) return true;
    }
    return false;
}

Result<Expanded> expand(core::Cell& cell, const http::CommandCall& call) {
    Expanded out;
    thread_local simdjson::dom::parser parser;
    for (const auto& command : call.commands) {
        Json data;
        if (parser.parse(command.data).get(data) != simdjson::SUCCESS) return reject("malformed_json", "the body is no JSON");
        if (const auto entry = table().find(command.type); entry != table().end()) {
            Expansion expansion{cell, call, data, out};
            if (auto ok = entry->second.expand(expansion); !ok) return std::unexpected(std::move(ok.error()));
            continue;
        }
        auto made = decode_command(command.type, data);
        if (!made) return std::unexpected(std::move(made.error()));
        out.request.commands.push_back(*std::move(made));
    }
    return out;
}

}  // namespace pic::api
