#include "controller/core/history.hpp"

#include <fmt/format.h>

#include "projections/dispatch.hpp"

namespace pic::core {
namespace {

/// Events from which on it costs less to make the indexes once than to keep them at every step.
constexpr std::uint64_t long_replay = 4096;

}  // namespace

void replay(const log::LogStore& store, World& world, Sequence to) {
    Evolver evolver;
    const bool is_long = to.value > world.sequence.value + long_replay;
    store.scan(world.sequence, to, [&](const log::ScannedEvent& e) {
        const Meta meta{e.sequence, e.version, e.at, !is_long};
        evolver.apply(world, EventView{e.type, e.schema_version, e.data, meta, true});
        return true;
    });
    if (is_long) reindex_world(world);
    if (world.sequence < to) throw BadEvent(world.sequence.next(), "it is missing");
}

Result<std::shared_ptr<const World>> History::at(Sequence sequence) {
    const auto head = store_.head().sequence;
    if (sequence > head) {
        return reject("unknown_sequence",
                      fmt::format("the log ends at {}, there is no {} yet", head.value, sequence.value));
    }
    auto start = start_for(sequence);
    if (start != nullptr && start->sequence == sequence) return start;
    auto world = std::make_shared<World>(start == nullptr ? World{} : *start);
    replay(store_, *world, sequence);
    keep(world);
    return world;
}

std::shared_ptr<const World> History::start_for(Sequence sequence) {
    auto best = nearest_ ? nearest_(sequence) : nullptr;
    const std::lock_guard lock(mutex_);
    for (const auto& world : recent_) {
        if (world->sequence > sequence) continue;
        if (best == nullptr || best->sequence < world->sequence) best = world;
    }
    return best;
}

void History::keep(std::shared_ptr<const World> world) {
    const std::lock_guard lock(mutex_);
    recent_.push_front(std::move(world));
    if (recent_.size() > worlds_kept) recent_.pop_back();
}

}  // namespace pic::core
