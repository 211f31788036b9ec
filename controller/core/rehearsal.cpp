#include "controller/core/rehearsal.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace pic::core {

Rejection within_command(Rejection refused, std::size_t index) {
    if (refused.errors.empty()) refused.errors.push_back({"", refused.detail});
    for (auto& error : refused.errors)
        error.pointer = fmt::format("/commands/{}/data{}", index, error.pointer);
    return refused;
}

Result<Rehearsal> rehearse(World& world, Evolver& evolver, std::span<const AnyCommand> commands, Timestamp at,
                           const std::function<StreamVersion(std::string_view stream)>& version_of) {
    Rehearsal result;
    std::unordered_map<std::string, StreamVersion> versions;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto decision = commands[i]->decide(world);
        if (!decision) {
            return std::unexpected(commands.size() == 1 ? std::move(decision.error())
                                                        : within_command(std::move(decision.error()), i));
        }
        for (auto& event : decision->events) {
            auto [version, fresh] = versions.try_emplace(event.stream);
            if (fresh) version->second = version_of(event.stream);
            version->second = version->second.next();
            const Meta meta{world.sequence.next(), version->second, at};
            evolver.apply(world, EventView{event.type, event.schema_version, event.data, meta});
            result.events.push_back(std::move(event));
        }
        result.resources.push_back(std::move(decision->resource));
    }
    return result;
}

}  // namespace pic::core
