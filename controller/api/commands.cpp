#include "controller/api/commands.hpp"

#include <simdjson.h>
#include <sodium.h>

#include <algorithm>

#include "controller/api/fault.hpp"
#include "controller/api/queries.hpp"
#include "controller/core/diff.hpp"
#include "projections/confirmations/confirmations.hpp"
#include "projections/dispatch.hpp"
#include "projections/services/services.hpp"

namespace pic::api {
namespace {

std::string events_json(const std::vector<NewEvent>& events, const std::vector<log::Appended>& appended) {
    std::string out = "[";
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (i != 0) out += ',';
        out += '{';
        if (i < appended.size()) {
            out += "\"seq\":";
            write_json(out, appended[i].sequence);
            out += ',';
        }
        out += "\"type\":";
        write_json_string(out, events[i].type);
        out += ",\"stream\":";
        write_json_string(out, events[i].stream);
        if (appended.empty()) out += ",\"data\":" + events[i].data;
        out += '}';
    }
    return out + "]";
}

/// A service is shown with how far it has come, which is no part of the world.
std::string resource_text(const core::Cell& cell, const World& world, const ResourceName& name) {
    if (name.collection == "service_settings") {
        if (auto status = cell.publisher().status(name.key)) {
            status->enabled = services::is_enabled(world, name.key);
            return service_json(cell, *status);
        }
    }
    return resource_json(world, name.collection, name.key).value_or("null");
}

/// The resource with a member added: {"id":...} and token -> {"id":...,"token":"..."}.
std::string with_member(std::string json, const std::pair<std::string, std::string>& member) {
    if (json.empty() || json.back() != '}') return json;
    json.back() = json.size() > 2 ? ',' : ' ';
    write_json_string(json, member.first);
    json += ':';
    write_json_string(json, member.second);
    return json + "}";
}

void show_resources(const core::Cell& cell, http::CommandAnswer& answer, const World& world,
                    const std::vector<ResourceName>& resources, bool is_change_set) {
    if (is_change_set) {
        answer.resources = "[";
        for (const auto& name : resources) {
            if (answer.resources.size() > 1) answer.resources += ',';
            answer.resources += resource_text(cell, world, name);
        }
        answer.resources += ']';
    } else if (!resources.empty() && !resources.front().removed) {
        answer.resource = resource_text(cell, world, resources.front());
        answer.resource_id = resources.front().key;
    }
}

http::CommandAnswer make_parts(const core::Cell& cell, const core::Outcome& outcome,
                               const std::vector<ResourceName>& resources, bool is_change_set) {
    http::CommandAnswer answer;
    answer.seq = outcome.sequence;
    answer.events = events_json(outcome.events, outcome.appended);
    show_resources(cell, answer, outcome.world, resources, is_change_set);
    if (!is_change_set && !resources.empty()) {
        const auto& name = resources.front();
        answer.version = resource_version(outcome.world, name.collection, name.key);
    }
    return answer;
}

// A remembered answer is one JSON document of its parts.

std::string pack(const http::CommandAnswer& a) {
    std::string out = "{\"resource_id\":";
    write_json_string(out, a.resource_id);
    out += ",\"version\":";
    write_json(out, a.version);
    const auto part = [&](std::string_view name, const std::string& json) {
        if (json.empty()) return;
        out += ",\"";
        out += name;
        out += "\":";
        out += json;
    };
    part("events", a.events);
    part("resource", a.resource);
    part("resources", a.resources);
    return out + "}";
}

http::CommandAnswer unpack(const core::Answer& kept) {
    http::CommandAnswer answer;
    answer.seq = kept.sequence;
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    if (parser.parse(kept.body).get(json) != simdjson::SUCCESS) return answer;
    const auto part = [&](const char* name, std::string& to) {
        simdjson::dom::element found;
        if (json[name].get(found) == simdjson::SUCCESS) to = simdjson::minify(found);
    };
    part("events", answer.events);
    part("resource", answer.resource);
    part("resources", answer.resources);
    std::string_view id;
    if (json["resource_id"].get(id) == simdjson::SUCCESS) answer.resource_id = id;
    std::uint64_t version = 0;
    if (json["version"].get(version) == simdjson::SUCCESS) answer.version = StreamVersion{version};
    return answer;
}

std::string applied_json(const std::vector<core::AppliedTo>& applied) {
    std::string out = "[";
    for (const auto& a : applied) {
        if (out.size() > 1) out += ',';
        out += "{\"service\":";
        write_json_string(out, a.service);
        out += ",\"revision\":";
        write_json(out, a.revision);
        out += ",\"state\":";
        write_json_string(out, a.state);
        out += ",\"detail\":";
        write_json_string(out, a.detail);
        out += '}';
    }
    return out + "]";
}

}  // namespace

/// What outlives the call until the answer is given.
struct CommandPort::Pending {
    http::Commands::Done done;
    http::CommandAnswer parts;
    std::optional<std::pair<std::string, std::string>> once;
    std::optional<std::chrono::seconds> wait;
    bool is_change_set = false;
    bool has_key = false;
    bool is_confirmed_later = false;
    Sequence first;
    std::vector<std::move_only_function<void()>> after;
};

namespace {

/// A refusal's pointers lead into the body that was sent: a change-set's names its commands, any other call's
/// does not.
Rejection placed(Rejection refused, bool is_change_set) {
    constexpr std::string_view commands = "/commands/", data = "/data";
    const auto is_inside = [&](const FieldError& error) { return error.pointer.starts_with(commands); };
    const bool inside = std::ranges::any_of(refused.errors, is_inside);
    if (is_change_set && !inside && !refused.errors.empty())
        return core::within_command(std::move(refused), 0);
    if (is_change_set || !inside) return refused;
    for (auto& error : refused.errors) {
        const auto found = error.pointer.find(data);
        if (is_inside(error))
            error.pointer.erase(0, found == std::string::npos ? error.pointer.size() : found + data.size());
    }
    return refused;
}

}  // namespace

core::Answer CommandPort::make_answer(const core::Cell& cell, Pending& pending,
                                      const core::Outcome& outcome) {
    auto resources = outcome.resources;
    if (pending.is_confirmed_later) resources.pop_back();  // the waiting itself, which nobody asked to see
    pending.parts = make_parts(cell, outcome, resources, pending.is_change_set);
    pending.first = outcome.appended.empty() ? outcome.sequence.next() : outcome.appended.front().sequence;
    core::Answer answer;
    if (pending.has_key) answer.body = pack(pending.parts);
    if (pending.once) pending.parts.resource = with_member(std::move(pending.parts.resource), *pending.once);
    return answer;
}

namespace {

Result<Expanded> guarded_expand(const CommandContext& with, const http::CommandCall& call) {
    try {
        return expand(with, call);
    } catch (const std::exception& error) {
        return std::unexpected(fault(error));
    }
}

}  // namespace

CommandPort::CommandPort(const CommandContext& with) : with_(with), cell_(with.cell) {
    constexpr std::string_view name = "cell/idempotency_key";
    auto& vault = cell_.vault();
    auto ref = vault.newest(name);
    if (!ref) {
        auto made = vault.put(name, vault::Secret::random(crypto_generichash_KEYBYTES));
        if (!made)
            throw std::runtime_error("the key of remembered answers cannot be kept: " + made.error().detail);
        ref = *made;
    }
    digest_key_ = vault.get(*ref).value_or(vault::Secret());
}

/// Bodies may hold passwords, and their digest is kept in the log's file: under a key, so that nobody can try
/// passwords on it.
Digest CommandPort::kept_digest(const Digest& body) const {
    Digest keyed{};
    crypto_generichash(keyed.data(), keyed.size(), body.data(), body.size(), digest_key_.data(),
                       digest_key_.size());
    return keyed;
}

void CommandPort::submit(http::CommandCall call, Done done) {
    if (!takes_long(call)) return run(std::move(call), std::move(done));
    cell_.post([this, call = std::move(call), done = std::move(done)]() mutable {
        run(std::move(call), std::move(done));
    });
}

/// Whether there is anything to confirm; refused where the change could not be taken back. Found out by a dry
/// run of it.
Result<bool> CommandPort::is_to_be_confirmed(http::CommandCall call) const {
    if (!call.confirm_within) return false;
    call.dry_run = true;
    auto expanded = guarded_expand(with_, call);
    if (!expanded) return std::unexpected(std::move(expanded.error()));
    const auto before = cell_.world();
    const auto plan = cell_.plan(std::move(expanded->request));
    if (!plan) return std::unexpected(placed(plan.error(), call.is_change_set));
    if (plan->events.empty()) return false;
    if (auto ok = core::check_undoable(*before, plan->after, plan->events); !ok)
        return std::unexpected(std::move(ok.error()));
    return true;
}

void CommandPort::run(http::CommandCall call, Done done) {
    const auto waits = is_to_be_confirmed(call);
    auto expanded = waits ? guarded_expand(with_, call) : std::unexpected(waits.error());
    const bool is_confirmed_later = waits && *waits;
    if (expanded && is_confirmed_later) {
        using Await = confirmations::AwaitConfirmation;
        expanded->request.commands.push_back(
            std::make_unique<CommandOf<Await>>(Await{*call.confirm_within, {}, {}}));
    }
    if (!expanded) {
        if (call.idempotency_key.empty() || call.dry_run)
            return done(std::unexpected(std::move(expanded.error())));
        // A repeated undo finds nothing left to undo: the answer that its key remembers counts, not this
        // refusal.
        Expanded refused;
        refused.request.refused = std::move(expanded.error());
        expanded = std::move(refused);
    }
    auto& request = expanded->request;
    request.actor = call.principal ? call.principal->actor : "public";
    request.source = call.source;
    request.request_id = call.request_id;
    if (call.if_match) request.if_match = call.if_match;
    if (call.dry_run) return plan(std::move(request), call.is_change_set, std::move(done));
    if (!call.idempotency_key.empty()) {
        request.key = log::IdempotencyScope{request.actor, "", call.idempotency_scope, call.idempotency_key};
        request.request_body = kept_digest(call.body_digest);
    }
    auto pending = std::make_shared<Pending>();
    pending->done = std::move(done);
    pending->once = std::move(expanded->once);
    pending->wait = call.wait;
    pending->is_change_set = call.is_change_set;
    pending->has_key = request.key.has_value();
    pending->is_confirmed_later = is_confirmed_later;
    pending->after = std::move(expanded->after);
    cell_.change(
        std::move(request),
        [this, pending](const core::Outcome& outcome) { return make_answer(cell_, *pending, outcome); },
        [this, pending](Result<core::Answer> answer) {
            if (!answer)
                return pending->done(
                    std::unexpected(placed(std::move(answer.error()), pending->is_change_set)));
            if (answer->repeated) {
                pending->parts = unpack(*answer);
                pending->first = answer->sequence;
            }
            if (pending->after.empty() || answer->repeated) return answer_when_due(pending, answer->sequence);
            cell_.post([this, pending, last = answer->sequence] {
                for (auto& work : pending->after) work();
                answer_when_due(pending, last);
            });
        });
}

void CommandPort::answer_when_due(const std::shared_ptr<Pending>& pending, Sequence last) {
    if (!pending->wait) return pending->done(std::move(pending->parts));
    const auto deadline = std::chrono::steady_clock::now() + *pending->wait;
    cell_.publisher().wait(pending->first, last, deadline, [pending](std::vector<core::AppliedTo> applied) {
        pending->parts.applied = applied_json(applied);
        pending->done(std::move(pending->parts));
    });
}

void CommandPort::plan(core::ChangeRequest request, bool is_change_set, Done done) {
    auto plan = cell_.plan(std::move(request));
    if (!plan) return done(std::unexpected(placed(std::move(plan.error()), is_change_set)));
    http::CommandAnswer answer;
    answer.seq = cell_.world()->sequence;
    answer.events = events_json(plan->events, {});
    show_resources(cell_, answer, plan->after, plan->resources, is_change_set);
    answer.artefacts = core::to_json(core::diff_artefacts(plan->artefacts_before, plan->artefacts_after));
    done(std::move(answer));
}

}  // namespace pic::api
