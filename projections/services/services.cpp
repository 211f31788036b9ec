#include "projections/services/services.hpp"

#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/dispatch.hpp"
#include "projections/stack/stack.hpp"
#include "projections/world.hpp"

namespace pic::services {

std::string stream_of(std::string_view name) { return "service-" + std::string(name); }

Result<Decision> decide(const World& world, const ChangeService& command) {
    if (!is_rendering_service(command.name)) {
        return reject("not_found", fmt::format("there is no service '{}'", command.name));
    }
    Decision decision;
    decision.resource = {"service_settings", command.name, stream_of(command.name)};
    if (command.enabled.present && command.enabled.value != is_enabled(world, command.name)) {
        decision.emit(stream_of(command.name), ServiceSwitched{command.name, command.enabled.value});
    }
    if (command.port.present) {
        if (auto ok = stack::change_port(world, command.name, command.port.value, decision); !ok)
            return std::unexpected(ok.error());
    }
    return decision;
}

void evolve(State& state, const ServiceSwitched& event, const Meta& meta) {
    state.settings.assign(event.name, Setting{event.name, event.enabled, meta.version});
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Map = CowMap<std::string, Setting>;
    Map::diff(now.get<Service>().settings, target.get<Service>().settings,
              [&](const std::string& name, const auto*, const auto* then) {
                  const bool enabled = then == nullptr || then->enabled;
                  if (out.wants(stream_of(name)) && enabled != is_enabled(now, name))
                      out.add(stream_of(name), ChangeService{name, enabled});
              });
}

bool is_running(const World& world, std::string_view name) {
    return is_enabled(world, name) && is_wanted(name, world);
}

bool is_enabled(const World& world, std::string_view name) {
    const auto* setting = world.get<Service>().settings.find(name);
    return setting == nullptr || setting->enabled;
}

}  // namespace pic::services
