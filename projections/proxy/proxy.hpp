// The cell's web front: sites that people add, each a name and where its requests go, and the cell's own
// services under names of its domain. All of it over TLS; plain HTTP is sent there.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::proxy {

/// Whose certificate a site shows.
enum class Tls {
    internal,  ///< the cell's own
    acme,      ///< a public authority's, for a name that the internet finds here (RFC 8555)
};
constexpr std::array<std::string_view, 2> enum_names(Tls) { return {"internal", "acme"}; }

template <template <class> class F>
struct Settings {
    F<Hostname> host;      ///< of one site only
    F<Endpoint> upstream;  ///< host:port, plain HTTP
    F<Tls> tls;
    F<bool> enabled;

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("host", s.host), field("upstream", s.upstream), field("tls", s.tls),
                          field("enabled", s.enabled));
    }
};

struct Site {
    Uuid id;
    Settings<Plain> settings;
    StreamVersion version;
    Timestamp created_at, updated_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Plain>::fields(s.settings),
                              std::tuple(field("version", s.version), field("created_at", s.created_at),
                                         field("updated_at", s.updated_at)));
    }
};
inline Uuid key_of(const Site& site) { return site.id; }

struct State {
    CowMap<Uuid, Site> sites;
    CowMap<std::string, Uuid> by_host;  ///< index
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("sites", s.sites));
    }
};

// --- events

struct SiteAdded : WithSettings<Settings> {
    static constexpr std::string_view type = "SiteAdded";
    static constexpr int schema_version = 1;
};

struct SiteChanged : WithChanges<Settings> {
    static constexpr std::string_view type = "SiteChanged";
    static constexpr int schema_version = 1;
};

struct SiteRemoved : ById {
    static constexpr std::string_view type = "SiteRemoved";
    static constexpr int schema_version = 1;
};

// --- commands

/// Tls left out: internal; enabled left out: true.
struct AddSite : NewItem<Settings> {
    static constexpr std::string_view type = "AddSite";
};

struct ChangeSite : WithChanges<Settings> {
    static constexpr std::string_view type = "ChangeSite";
};

struct RemoveSite : ById {
    static constexpr std::string_view type = "RemoveSite";
};

/// Undo and restore. Not offered by the API.
struct RestoreSite : WithSettings<Settings> {
    static constexpr std::string_view type = "RestoreSite";
    Moving moving;  // set by reconcile()
};

struct Service {
    static constexpr std::string_view name = "proxy";
    static constexpr bool renders = true;
    using State = proxy::State;
    using Events = TypeList<SiteAdded, SiteChanged, SiteRemoved>;
    using Commands = TypeList<AddSite, ChangeSite, RemoveSite, RestoreSite>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("proxy_sites", state.sites));
    }
};

inline constexpr std::size_t sites_limit = 1000;
inline constexpr char config_path[] = "Caddyfile";
[[nodiscard]] std::string stream_of(const Uuid& id);

void prepare(AddSite& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const AddSite& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeSite& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveSite& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreSite& command);
void evolve(State& state, const SiteAdded& event, const Meta& meta);
void evolve(State& state, const SiteChanged& event, const Meta& meta);
void evolve(State& state, const SiteRemoved& event, const Meta& meta);
void reindex(State& state);
void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::proxy
