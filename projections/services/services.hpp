// Which of the cell's services run. A service that nobody spoke of is enabled.
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::services {

struct Setting {
    std::string name;  ///< of a service that renders
    bool enabled = true;
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("enabled", s.enabled), field("version", s.version));
    }
};
inline std::string key_of(const Setting& setting) { return setting.name; }

struct State {
    CowMap<std::string, Setting> settings;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("settings", s.settings));
    }
};

struct ServiceSwitched {
    static constexpr std::string_view type = "ServiceSwitched";
    static constexpr int schema_version = 1;
    std::string name;
    bool enabled = true;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("enabled", s.enabled));
    }
};

struct ChangeService {
    static constexpr std::string_view type = "ChangeService";
    std::string name;
    Patch<bool> enabled;
    Patch<std::uint16_t> port = {};  ///< published, of a stack's container (projections/stack/)
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("service", s.name), field("enabled", s.enabled), field("port", s.port));
    }
};

struct Service {
    static constexpr std::string_view name = "services";
    static constexpr bool renders = false;
    using State = services::State;
    using Events = TypeList<ServiceSwitched>;
    using Commands = TypeList<ChangeService>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("service_settings", state.settings));
    }
};

[[nodiscard]] std::string stream_of(std::string_view name);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeService& command);
void evolve(State& state, const ServiceSwitched& event, const Meta& meta);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

[[nodiscard]] bool is_enabled(const World& world, std::string_view name);

}  // namespace pic::services
