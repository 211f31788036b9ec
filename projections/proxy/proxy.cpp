#include "projections/proxy/proxy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/cell/cell.hpp"
#include "projections/certificates/chain.hpp"
#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::proxy {
namespace {

/// The cell's own services: a label of the domain, and the variable in which the agent says where the service
/// is.
struct Own {
    std::string_view label, upstream;
    std::string_view extra = {};
};
constexpr std::array own_sites{Own{"api", "{$PIC_UI}"},
                               Own{"calendar", "{$PIC_CALENDAR}",
                                   "\tredir /.well-known/caldav / 308\n\tredir /.well-known/carddav / 308\n"},
                               Own{"cell", "{$PIC_UI}"},
                               Own{"files", "{$PIC_FILES}"},
                               Own{"mail", "{$PIC_WEBMAIL}"},
                               Own{"webmail", "{$PIC_WEBMAIL}"}};

constexpr char chain_path[] = "tls/cell.pem", key_path[] = "tls/cell.key";

const State& state_of(const World& world) { return world.get<Service>(); }
const Hostname& domain_of(const World& world) { return world.get<cell::Service>().cell.settings.domain; }

Result<const Site*> existing(const World& world, const Uuid& id) {
    return pic::existing(state_of(world).sites, id, "site");
}

ResourceName resource(const Uuid& id, bool removed = false) {
    return {"proxy_sites", to_string(id), stream_of(id), removed};
}

bool is_own(const World& world, std::string_view host) {
    return std::ranges::any_of(own_sites, [&](const Own& own) {
        return host == fmt::format("{}.{}", own.label, domain_of(world).text);
    });
}

const certificates::Certificate* cell_certificate(const World& world) {
    const auto* found = certificates::for_service(world, Service::name);
    return found != nullptr && found->content.key_ref ? found : nullptr;
}

/// By a name of its own, or by a wildcard one level above (RFC 6125 6.4.3).
bool covers(const certificates::Certificate& certificate, std::string_view host) {
    const auto dot = host.find('.');
    const auto above = dot == std::string_view::npos ? std::string() : "*" + std::string(host.substr(dot));
    return std::ranges::any_of(certificate.content.sans,
                               [&](const std::string& name) { return name == host || name == above; });
}

Result<void> check(const World& world, const Settings<Plain>& s, const Uuid& id, const Moving& moving) {
    const auto& host = s.host.text;
    if (is_own(world, host))
        return reject_at("name_taken", "/host", fmt::format("{} is one of the cell's own services", host));
    const auto* owner = state_of(world).by_host.find(host);
    if (owner != nullptr && *owner != id && !is_moving(moving, stream_of(*owner))) {
        return reject_at("name_taken", "/host", fmt::format("there is a site {} already", host));
    }
    return {};
}

Decision change(const Site& site, const Settings<Plain>& after) {
    Decision decision;
    decision.resource = resource(site.id);
    const SiteChanged changed{{site.id, difference<Settings>(site.settings, after)}};
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

std::string block(std::string_view host, std::string_view tls, std::string_view upstream,
                  std::string_view extra = {}) {
    return fmt::format("https://{} {{\n{}{}\treverse_proxy {}\n}}\n", host, tls, extra, upstream);
}

/// With the cell's certificate where that is for this name; Caddy's own where it is not, or not yet.
std::string own_tls(const World& world, std::string_view host) {
    const auto* certificate = cell_certificate(world);
    if (certificate == nullptr || !covers(*certificate, host)) return "\ttls internal\n";
    return fmt::format("\ttls {{$PIC_LIVE}}/{} {{$PIC_LIVE}}/{}\n", chain_path, key_path);
}

std::string own_text(const World& world) {
    std::string text;
    for (const auto& own : own_sites) {
        const auto host = fmt::format("{}.{}", own.label, domain_of(world).text);
        text += block(host, own_tls(world, host), own.upstream, own.extra);
    }
    const auto& domain = domain_of(world).text;
    if (!state_of(world).by_host.contains(domain)) text += block(domain, own_tls(world, domain), "{$PIC_UI}");
    return text;
}

void put_certificate(const World& world, Renderer& out) {
    const auto* certificate = cell_certificate(world);
    if (certificate == nullptr) {
        out.drop(chain_path);
        out.drop(key_path);
        return;
    }
    out.put(chain_path, "0", certificates::chain_pem(world, *certificate));
    out.put(key_path, "0", Nodes{*certificate->content.key_ref});
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
    if (!command.settings.host.present) return invalid_field("/host", "this field is required");
    if (!command.settings.upstream.present) return invalid_field("/upstream", "this field is required");
    SiteAdded added{{command.id, {}}};
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
    decision.emit(stream_of(command.id), SiteAdded{{command.id, command.settings}});
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
    // A site under a name that the domain's change made the cell's own waits until its name is free again; a
    // new certificate may cover what the one before did not.
    const bool other_chain = before == nullptr || certificates::chain_stamp(*before, Service::name) !=
                                                      certificates::chain_stamp(now, Service::name);
    const bool all = other_chain || domain_of(*before) != domain_of(now);
    if (all || !state_of(*before).by_host.same_as(state_of(now).by_host))
        out.put(config_path, "1-own", own_text(now));
    if (other_chain) put_certificate(now, out);
    Renderer::each(
        before == nullptr ? nullptr : &state_of(*before).sites, state_of(now).sites, all,
        [&](const Uuid& id, const Site* site) {
            const auto key = "2-site/" + to_string(id);
            if (site == nullptr || !site->settings.enabled || is_own(now, site->settings.host.text)) {
                out.remove(config_path, key);
            } else {
                const auto& s = site->settings;
                const auto tls = s.tls == Tls::internal ? own_tls(now, s.host.text) : std::string();
                out.put(config_path, key, block(s.host.text, tls, to_string(s.upstream)));
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
                                     out.add(stream_of(id), RestoreSite{{id, then->settings}, out.moving()});
                                 }
                             });
}

}  // namespace pic::proxy
