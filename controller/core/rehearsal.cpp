#include "controller/core/rehearsal.hpp"

#include <fmt/format.h>

namespace pic::core {

Rejection within_command(Rejection refused, std::size_t index) {
    if (refused.errors.empty()) refused.errors.push_back({"", refused.detail});
    for (auto& error : refused.errors)
        error.pointer = fmt::format("/commands/{}/data{}", index, error.pointer);
    return refused;
}

StreamVersion Folding::raise(const std::string& stream) {
    auto [version, fresh] = versions_.try_emplace(stream);
    if (fresh) version->second = version_of_(stream);
    return version->second = version->second.next();
}

void Folding::fold(Decision decision, Rehearsal& into) {
    for (auto& event : decision.events) {
        const Meta meta{world_.sequence.next(), raise(event.stream), at_};
        evolver_.apply(world_, EventView{event.type, event.schema_version, event.data, meta});
        into.events.push_back(std::move(event));
    }
    into.resources.push_back(std::move(decision.resource));
}

Result<Rehearsal> rehearse(World& world, Evolver& evolver, std::span<const AnyCommand> commands, Timestamp at,
                           const VersionOf& version_of) {
    Rehearsal result;
    Folding folding(world, evolver, at, version_of);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto decision = commands[i]->decide(world);
        if (!decision) {
            return std::unexpected(commands.size() == 1 ? std::move(decision.error())
                                                        : within_command(std::move(decision.error()), i));
        }
        folding.fold(*std::move(decision), result);
    }
    return result;
}

}  // namespace pic::core
