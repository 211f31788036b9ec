#include "controller/api/queries.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <tuple>

#include "controller/api/drift.hpp"
#include "controller/api/fault.hpp"
#include "controller/api/live_queries.hpp"
#include "controller/api/log_filters.hpp"
#include "controller/authority/x509.hpp"
#include "controller/core/chain_key.hpp"
#include "controller/core/diff.hpp"
#include "controller/core/event_json.hpp"
#include "controller/http/api.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/dispatch.hpp"
#include "projections/peers/peers.hpp"
#include "projections/stack/stack.hpp"

namespace pic::api {
namespace {

using http::QueryAnswer;
using http::Request;

/// The answer to one query of a world.
using OfWorld = Result<QueryAnswer> (*)(core::Cell&, const Request&, const World&);

QueryAnswer answer(Sequence seq, std::string body) { return {seq, std::nullopt, std::move(body)}; }

/// Whole lists that are never long.
std::string as_list(std::string items) { return "{\"items\":" + std::move(items) + ",\"next_cursor\":null}"; }

// --- services and artefacts
// --------------------------------------------------------------------------------------------

Result<QueryAnswer> services(core::Cell& cell, const Request&, const World& world) {
    std::string items = "[";
    for (const auto& status : cell.publisher().status()) {
        if (items.size() > 1) items += ',';
        items += service_json(cell, status);
    }
    return answer(world.sequence, as_list(items + "]"));
}

Result<QueryAnswer> service(core::Cell& cell, const Request& request, const World& world) {
    const std::string name(request.path_parameter("service"));
    const auto status = cell.publisher().status(name);
    if (!status) return reject("not_found", fmt::format("there is no service '{}'", name));
    auto shown = answer(world.sequence, service_json(cell, *status));
    shown.version = resource_version(world, "service_settings", name).value_or(StreamVersion{});
    return shown;
}

void put_artefact(std::string& items, std::string_view service, std::string_view path, Sequence revision,
                  const std::string& digest, std::size_t size) {
    if (items.size() > 1) items += ',';
    items += "{\"service\":";
    write_json_string(items, service);
    items += ",\"path\":";
    write_json_string(items, path);
    items += fmt::format(",\"revision\":{},\"digest\":\"{}\",\"size\":{}}}", revision.value, digest, size);
}

Result<QueryAnswer> artefacts(core::Cell& cell, const Request&, const World& world) {
    std::string items = "[";
    for (const auto& [service, rendered] : cell.publisher().artefacts(world)) {
        for (const auto& [path, file] : rendered.files) {
            put_artefact(items, service, path, world.sequence, to_hex(file.summary()), picture(file).size());
        }
    }
    const auto config = cell_config(world);
    put_artefact(items, "cell", "cell_config.json", world.sequence, to_hex(sha256(config)), config.size());
    if (const auto env = stack::environment(world); !env.empty()) {
        put_artefact(items, "cell", ".env", world.sequence, to_hex(sha256(env)), env.size());
    }
    return answer(world.sequence, as_list(items + "]"));
}

Result<QueryAnswer> config(core::Cell&, const Request&, const World& world) {
    return answer(world.sequence, cell_config(world));
}

// --- the log
// -----------------------------------------------------------------------------------------------------------

/// "<epoch>.<sequence>", the next_cursor of a page of events.
std::string event_cursor(Epoch epoch, Sequence last) {
    return fmt::format("\"{}.{}\"", epoch.value, last.value);
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_event_cursor(std::string_view text) {
    std::uint64_t epoch = 0, last = 0;
    const auto* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, epoch);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, last);
    if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
    return std::pair{epoch, last};
}

/// Where a reader of the log stands: at its ?cursor=, or at ?after=, which ?epoch= places in a life of the
/// log.
Result<Sequence> position_of(const Request& request, const log::Head& head) {
    auto epoch = request.query_number("epoch");
    auto after = request.query_number("after").value_or(0);
    if (const auto text = request.query_parameter("cursor")) {
        const auto cursor = parse_event_cursor(*text);
        if (!cursor)
            return reject("invalid_field", "this cursor is not one of this list",
                          {{"?cursor", "is not one of this list"}});
        std::tie(epoch, after) = std::pair{std::optional(cursor->first), cursor->second};
    }
    if (epoch && *epoch != head.epoch.value) {
        return reject("stale_epoch",
                      fmt::format("the position is of epoch {}, the log is in epoch {}: begin anew", *epoch,
                                  head.epoch.value));
    }
    if (after > head.sequence.value) {
        return reject("unknown_sequence",
                      fmt::format("the log ends at {}, there is no {} yet", head.sequence.value, after));
    }
    return Sequence{after};
}

Result<QueryAnswer> events(core::Cell& cell, const Request& request, const World& world) {
    const auto head = cell.store().head();
    const auto after = position_of(request, head);
    if (!after) return std::unexpected(after.error());
    const auto limit = limit_of(request);
    auto found = cell.store().read(*after, limit, event_filter(request));
    std::erase_if(found, [&](const Event& event) { return event.sequence > world.sequence; });  // as of then
    std::string items = "[";
    for (const auto& event : found) {
        if (items.size() > 1) items += ',';
        items += core::event_json(event);
    }
    const auto cursor =
        found.size() < limit ? std::string("null") : event_cursor(head.epoch, found.back().sequence);
    return answer(world.sequence, "{\"items\":" + items + "],\"next_cursor\":" + cursor + "}");
}

Result<QueryAnswer> diff(core::Cell& cell, const Request& request, const World& world) {
    const auto from = cell.history().at(Sequence{request.query_number("from").value_or(0)});
    if (!from) return std::unexpected(from.error());
    const auto to = cell.history().at(Sequence{request.query_number("to").value_or(world.sequence.value)});
    if (!to) return std::unexpected(to.error());
    std::string body = fmt::format("{{\"from\":{},\"to\":{},\"resources\":[", (*from)->sequence.value,
                                   (*to)->sequence.value);
    for (const auto& change : diff_resources(**from, **to)) {
        if (body.back() != '[') body += ',';
        body += "{\"collection\":";
        write_json_string(body, change.collection);
        body += ",\"key\":";
        write_json_string(body, change.key);
        body += ",\"before\":" + (change.before.empty() ? "null" : change.before);
        body += ",\"after\":" + (change.after.empty() ? "null" : change.after) + "}";
    }
    body +=
        "],\"artefacts\":" + core::to_json(core::diff_artefacts(render_all(**from), render_all(**to))) + "}";
    return answer(world.sequence, std::move(body));
}

Result<QueryAnswer> verify(core::Cell& cell, const Request&, const World& world) {
    const auto head = cell.store().head();
    const auto key = core::chain_key(cell.vault());
    if (!key) return std::unexpected(key.error());
    const auto verdict = cell.store().verify(Sequence{}, head.sequence, key->trusted);
    std::string body = fmt::format(
        "{{\"ok\":{},\"events\":{},\"head\":{{\"seq\":{},\"hash\":\"{}\"}},\"first_bad_seq\":", verdict.ok,
        verdict.events, head.sequence.value, to_hex(head.hash));
    write_json(body, verdict.first_bad);
    body += ",\"detail\":";
    write_json_string(body, verdict.detail);
    body += fmt::format(",\"signing_key\":\"{}\"}}", to_hex(key->signer->public_key()));
    return answer(world.sequence, std::move(body));
}

// --- the vault
// ---------------------------------------------------------------------------------------------------------

Result<QueryAnswer> certificate_authority(core::Cell&, const Request&, const World& world) {
    const auto& authority = world.get<certificates::Service>().authority;
    if (!authority.root) return reject("not_found", "this cell has no certificate authority yet");
    std::string body = "{\"root\":";
    write_json_string(body, to_pem(*authority.root));
    body += ",\"intermediate\":";
    write_json_string(body, to_pem(*authority.intermediate));
    body +=
        fmt::format(",\"root_fingerprint\":\"{}\",\"has_root_key\":{},\"version\":{},\"created_at\":\"{}\"}}",
                    to_hex(authority::fingerprint(*authority.root)), authority.root_key_ref.has_value(),
                    authority.version.value, to_string(authority.created_at));
    auto shown = answer(world.sequence, std::move(body));
    shown.version = authority.version;
    return shown;
}

/// The app passwords of one person, never many.
Result<QueryAnswer> app_passwords(core::Cell&, const Request& request, const World& world) {
    const auto& state = world.get<accounts::Service>();
    const auto id = *parse_uuid(request.path_parameter("id"));
    if (!state.users.contains(id)) return reject("not_found", "there is no such user");
    std::string items = "[";
    if (const auto* apps = state.apps_of.find(id)) {
        for (const auto& app : *apps) {
            if (items.size() > 1) items += ',';
            write_public_json(items, *state.app_passwords.find(app));
        }
    }
    return answer(world.sequence, as_list(items + "]"));
}

Result<QueryAnswer> secret(core::Cell&, const Request& request, const World& world) {
    const auto name = request.path_parameter("name");
    auto json = resource_json(world, "secrets", name);
    if (!json) return reject("not_found", fmt::format("there is no secret '{}'", name));
    return QueryAnswer{world.sequence, resource_version(world, "secrets", name), *std::move(json)};
}

struct Special {
    OfWorld run;
    bool long_running = false;
};

const std::map<std::string_view, Special>& specials() {
    static const std::map<std::string_view, Special> table{
        {"services", {services}},
        {"service", {service}},
        {"service_live", {service_live}},
        {"service_logs", {service_logs}},
        {"service_drift", {service_drift, true}},
        {"peer_traffic", {peer_traffic, true}},
        {"artefacts", {artefacts, true}},
        {"config", {config, true}},
        {"events", {events, true}},
        {"diff", {diff, true}},
        {"verify", {verify, true}},
        {"certificate_authority", {certificate_authority}},
        {"app_passwords_of", {app_passwords}},
        {"named_secret", {secret}},
    };
    return table;
}

// --- resources
// ---------------------------------------------------------------------------------------------------------

/// "peer" is one of "peers".
std::string collection_of(const Request& request) {
    const auto& query = request.operation->query;
    return request.path_parameter("id").empty() ? query : query + "s";
}

/// The devices of the one who asks. They are few, whatever the number of all; so there are no pages.
std::string own_peers(const World& world, const http::Principal& who) {
    std::string items = "[";
    world.get<peers::Service>().peers.for_each([&](const Uuid&, const peers::Peer& peer) {
        if (!peer.settings.owner || peer.settings.owner->text != who.username) return;
        if (items.size() > 1) items += ',';
        write_public_json(items, peer);
    });
    return items + "]";
}

Result<QueryAnswer> resource(core::Cell&, const Request& request, const World& world) {
    const auto name = collection_of(request);
    const auto key = request.path_parameter("id");
    if (request.own_only && key.empty()) {
        if (name != "peers")
            return reject("forbidden", fmt::format("This needs the scope {}.", request.operation->scope));
        return answer(world.sequence, as_list(own_peers(world, *request.principal)));
    }
    if (auto json = resource_json(world, name, key)) {
        return QueryAnswer{world.sequence, resource_version(world, name, key), *std::move(json)};
    }
    if (!key.empty())
        return reject("not_found", fmt::format("there is nothing with the id {} in {}", key, name));
    auto page =
        list_resources(world, name, request.query_parameter("cursor").value_or(""), limit_of(request));
    if (!page)
        return reject("invalid_field", "this cursor is not one of this list",
                      {{"?cursor", "is not one of this list"}});
    std::string next = "null";
    if (page->next) {
        next.clear();
        write_json_string(next, *page->next);
    }
    return answer(world.sequence, "{\"items\":" + page->items + ",\"next_cursor\":" + next + "}");
}

Result<QueryAnswer> guarded(OfWorld run, core::Cell& cell, const Request& request, const World& world) {
    try {
        return run(cell, request, world);
    } catch (const std::exception& error) {
        return std::unexpected(fault(error));
    }
}

Result<std::shared_ptr<const World>> past(core::Cell& cell, Sequence at) {
    try {
        return cell.history().at(at);
    } catch (const std::exception& error) {
        return std::unexpected(fault(error));
    }
}

Result<http::EventPages::Page> page_after(core::Cell& cell, Sequence after, std::size_t limit) {
    try {
        http::EventPages::Page page;
        for (const auto& event : cell.store().read(after, limit))
            page.events.emplace_back(event.sequence, core::event_json(event));
        return page;
    } catch (const std::exception& error) {
        return std::unexpected(fault(error));
    }
}

}  // namespace

void QueryPort::query(const Request& request, Done done) {
    const auto special = specials().find(request.operation->query);
    const bool is_special = special != specials().end();
    const bool is_live = request.operation->query.starts_with(live_list_prefix);
    const OfWorld run = is_special ? special->second.run : is_live ? live_list : resource;
    const auto at = request.query_number("at");
    if (!at && !(is_special && special->second.long_running))
        return done(guarded(run, cell_, request, *cell_.world()));
    cell_.post([this, &request, run, at, done = std::move(done)]() mutable {
        const auto world = at ? past(cell_, Sequence{*at}) : cell_.world();
        if (!world) return done(std::unexpected(world.error()));
        done(guarded(run, cell_, request, **world));
    });
}

void EventPagePort::read(Sequence after, std::size_t limit, Done done) {
    cell_.post(
        [this, after, limit, done = std::move(done)]() mutable { done(page_after(cell_, after, limit)); });
}

std::string service_json(const core::Cell& cell, const core::ServiceStatus& s) {
    const std::string_view health = !s.report || !s.connected ? "unknown"
                                    : s.report->healthy       ? "healthy"
                                                              : "unhealthy";
    std::string out = "{\"name\":";
    write_json_string(out, s.name);
    const auto world = cell.world();
    const auto port = stack::port_of(*world, s.name);
    out += fmt::format(
        ",\"enabled\":{},\"port\":{},\"desired_revision\":{},\"applied_revision\":{},\"state\":\"{}\","
        "\"health\":\"{}\"",
        s.enabled, port ? std::to_string(*port) : "null", s.desired.value, s.applied.value, s.state(),
        health);
    out += ",\"detail\":";
    write_json_string(out, s.report ? s.report->detail : "");
    out += fmt::format(",\"drift\":{},\"pending_restart\":", s.report && s.report->drift);
    const auto pending = stack::pending_restart(*world, s.name, cell.running());
    if (pending.empty())
        out += "null";
    else
        write_json_string(out, pending);
    if (const auto operation = cell.operations().last(s.name))
        out += ",\"operation\":" + operation_json(*operation);
    return out + "}";
}

}  // namespace pic::api
