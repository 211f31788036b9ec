#include "projections/proxy/proxy.hpp"

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::proxy {
namespace {

/// The cell's own services: a label of the domain, and the variable in which the agent says where the service
/// is.
struct Own {
    std::string_view label, upstream;
};
constexpr std::array own_sites{Own{"calendar", "{$PIC_CALENDAR}"}, Own{"files", "{$PIC_FILES}"},
                               Own{"webmail", "{$PIC_WEBMAIL}"}};

const State& state_of(const World& world) { return world.get<Service>(); }
const Hostname& domain_of(const World& world) { return world.get<cell::Service>().cell.settings.domain; }

std::unexpected<Rejection> refuse(const char* code, std::string pointer, std::string detail) {
    return reject(code, detail, {{std::move(pointer), detail}});
}

Result<const Site*> existing(const World& world, const Uuid& id) {
    const Site* site = state_of(world).sites.find(id);
    if (site == nullptr) return reject("not_found", fmt::format("there is no site {}", to_string(id)));
    return site;
}

ResourceName resource(const Uuid& id, bool removed = false) {
    return {"proxy_sites", to_string(id), stream_of(id), removed};
}

bool is_own(const World& world, std::string_view host) {
    for (const auto& own : own_sites) {
        if (host == fmt::format("{}.{}", own.label, domain_of(world).text)) return true;
    }
    return false;
}

Result<void> check(const World& world, const Settings<Plain>& s, const Uuid& id, const Moving& moving) {
    const auto& host = s.host.text;
    if (is_own(world, host))
        return refuse("name_taken", "/host", fmt::format("{} is one of the cell's own services", host));
    const auto* owner = state_of(world).by_host.find(host);
    if (owner != nullptr && *owner != id && !is_moving(moving, stream_of(*owner))) {
        return refuse("name_taken", "/host", fmt::format("there is a site {} already", host));
    }
    return {};
}

Decision change(const Site& site, const Settings<Plain>& after) {
    Decision decision;
    decision.resource = resource(site.id);
    const SiteChanged changed{site.id, difference<Settings>(site.settings, after)};
    if (!is_empty<Settings>(changed.changes)) decision.emit(stream_of(site.id), changed);
    return decision;
}

/// {$...} are the agent's. A site that is not there gets an answer all the same: a name that leads here by
/// mistake.
constexpr char general[] = R"({
	admin unix/{$PIC_RUN}/admin.sock
	storage file_system {$PIC_STATE}
	http_port {$PIC_HTTP_PORT}
	https_port {$PIC_HTTPS_PORT}
	default_bind {$PIC_BIND}
	skip_install_trust
	auto_https disable_redirects
	servers {
		protocols h1 h2
	}
}
http:// {
	handle /pic-alive {
		respond "alive"
	}
	handle {
		redir https://{host}{uri} 308
	}
}
)";

std::string block(std::string_view host, Tls tls, std::string_view upstream, std::string_view extra = {}) {
    return fmt::format("https://{} {{\n{}{}\treverse_proxy {}\n}}\n", host,
                       tls == Tls::internal ? "\ttls internal\n" : "", extra, upstream);
}

std::string own_text(const Hostname& domain) {
    std::string text;
    for (const auto& own : own_sites) {
        const bool calendar = own.label == "calendar";
        text +=
            block(fmt::format("{}.{}", own.label, domain.text), Tls::internal, own.upstream,
                  calendar ? "\tredir /.well-known/caldav / 308\n\tredir /.well-known/carddav / 308\n" : "");
    }
    return text;
}

void reindex_host(State& state, const Site& site, const Hostname& host) {
    const auto* owner = state.by_host.find(site.settings.host.text);
    if (owner != nullptr && *owner == site.id) state.by_host.erase(site.settings.host.text);
    state.by_host.assign(host.text, site.id);
}

}  // namespace

std::string stream_of(const Uuid& id) { return "site-" + to_string(id); }

void prepare(AddSite& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddSite& command) {
    if (!command.settings.host.present) return refuse("invalid_field", "/host", "this field is required");
    if (!command.settings.upstream.present)
        return refuse("invalid_field", "/upstream", "this field is required");
    SiteAdded added{command.id, {}};
    added.settings.enabled = true;
    apply_patch(added.settings, command.settings);
    if (auto ok = check(world, added.settings, command.id, {}); !ok) return std::unexpected(ok.error());
    if (state_of(world).sites.size() >= sites_limit)
        return reject("too_many", fmt::format("at most {} sites are kept", sites_limit));
    Decision decision;
    decision.resource = resource(command.id);
    decision.emit(stream_of(command.id), added);
    return decision;
}

Result<Decision> decide(const World& world, const ChangeSite& command) {
    const auto site = existing(world, command.id);
    if (!site) return std::unexpected(site.error());
    auto after = (*site)->settings;
    apply_patch(after, command.changes);
    if (auto ok = check(world, after, command.id, {}); !ok) return std::unexpected(ok.error());
    return change(**site, after);
}

Result<Decision> decide(const World& world, const RemoveSite& command) {
    const auto site = existing(world, command.id);
    if (!site) return std::unexpected(site.error());
    Decision decision;
    decision.resource = resource(command.id, true);
    decision.emit(stream_of(command.id), SiteRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreSite& command) {
    if (auto ok = check(world, command.settings, command.id, command.moving); !ok)
        return std::unexpected(ok.error());
    if (const auto* present = state_of(world).sites.find(command.id))
        return change(*present, command.settings);
    Decision decision;
    decision.resource = resource(command.id);
    decision.emit(stream_of(command.id), SiteAdded{command.id, command.settings});
    return decision;
}

void evolve(State& state, const SiteAdded& event, const Meta& meta) {
    state.by_host.assign(event.settings.host.text, event.id);
    state.sites.assign(event.id, Site{event.id, event.settings, meta.version, meta.at, meta.at});
}

void evolve(State& state, const SiteChanged& event, const Meta& meta) {
    Site* site = state.sites.edit(event.id);
    if (site == nullptr) return;
    if (event.changes.host.present) reindex_host(state, *site, event.changes.host.value);
    apply_patch(site->settings, event.changes);
    site->version = meta.version;
    site->updated_at = meta.at;
}

void evolve(State& state, const SiteRemoved& event, const Meta&) {
    const Site* site = state.sites.find(event.id);
    if (site == nullptr) return;
    const auto* owner = state.by_host.find(site->settings.host.text);
    if (owner != nullptr && *owner == event.id) state.by_host.erase(site->settings.host.text);
    state.sites.erase(event.id);
}

void reindex(State& state) {
    state.by_host.clear();
    state.sites.for_each(
        [&](const Uuid& id, const Site& site) { state.by_host.assign(site.settings.host.text, id); });
}

void render(Service, const World* before, const World& now, Renderer& out) {
    if (!now.get<cell::Service>().cell.claimed) return;
    if (before != nullptr && !before->get<cell::Service>().cell.claimed) before = nullptr;
    if (before == nullptr) out.put(config_path, "0-general", std::string(general));
    if (before == nullptr || domain_of(*before) != domain_of(now))
        out.put(config_path, "1-own", own_text(domain_of(now)));
    // A site under a name that the domain's change made the cell's own waits until its name is free again.
    const bool all = before == nullptr || domain_of(*before) != domain_of(now);
    Renderer::each(
        before == nullptr ? nullptr : &state_of(*before).sites, state_of(now).sites, all,
        [&](const Uuid& id, const Site* site) {
            const auto key = "2-site/" + to_string(id);
            if (site == nullptr || !site->settings.enabled || is_own(now, site->settings.host.text)) {
                out.remove(config_path, key);
            } else {
                const auto& s = site->settings;
                out.put(config_path, key, block(s.host.text, s.tls, to_string(s.upstream)));
            }
        });
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    CowMap<Uuid, Site>::diff(state_of(now).sites, state_of(target).sites,
                             [&](const Uuid& id, const Site*, const Site* then) {
                                 if (!out.wants(stream_of(id))) return;
                                 if (then == nullptr) {
                                     out.add(stream_of(id), RemoveSite{id});
                                 } else {
                                     out.add(stream_of(id), RestoreSite{id, then->settings, out.moving()});
                                 }
                             });
}

}  // namespace pic::proxy
