// Which findings people have decided to live with. What is found is seen anew every time (controller/health/)
// and is no event; that somebody does not want to hear of it is a decision, and so it is one.
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::findings {

struct Ignored {
    std::string id;  ///< of a finding, e.g. "drift-dns"
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("version", s.version));
    }
};
inline std::string key_of(const Ignored& ignored) { return ignored.id; }

struct State {
    CowMap<std::string, Ignored> ignored;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("ignored", s.ignored));
    }
};

struct FindingIgnored {
    static constexpr std::string_view type = "FindingIgnored";
    static constexpr int schema_version = 1;
    std::string id;
    bool ignored = true;  ///< false: it is heard of again
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("ignored", s.ignored));
    }
};

struct ChangeFinding {
    static constexpr std::string_view type = "ChangeFinding";
    Label id;
    bool ignored = true;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("finding", s.id), field("ignored", s.ignored));
    }
};

struct Service {
    static constexpr std::string_view name = "findings";
    static constexpr std::string_view area = "services";
    static constexpr bool renders = false;
    using State = findings::State;
    using Events = TypeList<FindingIgnored>;
    using Commands = TypeList<ChangeFinding>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("ignored_findings", state.ignored));
    }
};

/// Far more than there are kinds of findings.
inline constexpr std::size_t ignored_limit = 1000;

[[nodiscard]] Result<Decision> decide(const World& world, const ChangeFinding& command);
void evolve(State& state, const FindingIgnored& event, const Meta& meta);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::findings
