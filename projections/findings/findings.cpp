#include "projections/findings/findings.hpp"

#include <fmt/format.h>

#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::findings {
namespace {

std::string stream_of(std::string_view id) { return "finding-" + std::string(id); }

}  // namespace

Result<Decision> decide(const World& world, const ChangeFinding& command) {
    const auto& ignored = world.get<Service>().ignored;
    const bool is = ignored.contains(command.id.text);
    Decision decision;
    decision.resource = {"ignored_findings", command.id.text, stream_of(command.id.text), !command.ignored};
    if (is == command.ignored) return decision;
    if (command.ignored && ignored.size() >= ignored_limit) {
        return reject("conflict", fmt::format("at most {} findings are ignored", ignored_limit));
    }
    decision.emit(stream_of(command.id.text), FindingIgnored{command.id.text, command.ignored});
    return decision;
}

void evolve(State& state, const FindingIgnored& event, const Meta& meta) {
    if (event.ignored) {
        state.ignored.assign(event.id, Ignored{event.id, meta.version});
    } else {
        state.ignored.erase(event.id);
    }
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Map = CowMap<std::string, Ignored>;
    Map::diff(now.get<Service>().ignored, target.get<Service>().ignored,
              [&](const std::string& id, const auto* is, const auto* then) {
                  const bool differs = (is == nullptr) != (then == nullptr);
                  if (differs && out.wants(stream_of(id)))
                      out.add(stream_of(id), ChangeFinding{Label{id}, then != nullptr});
              });
}

}  // namespace pic::findings
