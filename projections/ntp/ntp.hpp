// The cell's time: whom it asks, and for whom it answers (the cell's own networks). It serves time and never
// sets the host's clock (chronyd -x); with no source in reach it goes on serving the host's, at a stratum
// that everybody leaves for a better one.
#pragma once

#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::ntp {

/// Where a source is: a name, or an address of either family.
struct Host {
    std::string text;
    static Parsed<Host> parse(std::string_view text);
    friend auto operator<=>(const Host&, const Host&) = default;
};
std::string to_string(const Host& v);

enum class Kind { server, pool };  ///< a pool's name stands for several servers
constexpr std::array<std::string_view, 2> enum_names(Kind) { return {"server", "pool"}; }

struct Source {
    Host host;
    Kind kind = Kind::server;
    bool nts = false;  ///< authenticated (RFC 8915); the server must offer it
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("host", s.host), defaulted("kind", s.kind), defaulted("nts", s.nts));
    }
    friend bool operator==(const Source&, const Source&) = default;
};

struct Ntp {
    std::vector<Source> sources{{{"pool.ntp.org"}, Kind::pool, false}};
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("sources", s.sources), field("version", s.version));
    }
};

struct State {
    Ntp ntp;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("ntp", s.ntp));
    }
};

struct NtpSourcesSet {
    static constexpr std::string_view type = "NtpSourcesSet";
    static constexpr int schema_version = 1;
    std::vector<Source> sources;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("sources", s.sources));
    }
};

/// Replaces all of them.
struct SetNtp {
    static constexpr std::string_view type = "SetNtp";
    std::vector<Source> sources;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("sources", s.sources));
    }
};

struct Service {
    static constexpr std::string_view name = "ntp";
    static constexpr bool renders = true;
    using State = ntp::State;
    using Events = TypeList<NtpSourcesSet>;
    using Commands = TypeList<SetNtp>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("ntp", state.ntp));
    }
};

inline constexpr std::string_view stream = "ntp";
inline constexpr std::size_t sources_limit = 16;
inline constexpr char config_path[] = "chrony.conf";
inline constexpr char sources_path[] = "sources/cell.sources";

[[nodiscard]] Result<Decision> decide(const World& world, const SetNtp& command);
void evolve(State& state, const NtpSourcesSet& event, const Meta& meta);
void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::ntp
