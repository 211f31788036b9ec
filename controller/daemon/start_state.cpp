#include "controller/daemon/start_state.hpp"

#include <spdlog/spdlog.h>

#include "projections/dispatch.hpp"

namespace pic::daemon {
namespace {

log::HashAt hash_in(const log::LogStore& store) {
    return [&store](Sequence sequence) -> std::optional<Digest> {
        const auto event = store.event(sequence);
        if (!event) return std::nullopt;
        return event->hash;
    };
}

}  // namespace

std::shared_ptr<const World> nearest_snapshot(log::Snapshots& snapshots, const log::LogStore& store,
                                              Sequence at) {
    const auto snapshot = snapshots.nearest(at, hash_in(store));
    if (!snapshot) return nullptr;
    auto world = parse_world(snapshot->bytes);
    if (!world || world->sequence != snapshot->sequence) {
        spdlog::warn("snapshot_discarded: the snapshot at {} is not what this program would have written",
                     snapshot->sequence.value);
        return nullptr;
    }
    return std::make_shared<World>(*std::move(world));
}

World load_world(log::Snapshots& snapshots, const log::LogStore& store, Sequence to) {
    const auto start = nearest_snapshot(snapshots, store, to);
    World world = start == nullptr ? World{} : *start;
    core::replay(store, world, to);
    return world;
}

World load_what_can_be_read(const log::LogStore& store, Sequence to) {
    World world;
    try {
        core::replay(store, world, to);
    } catch (const std::exception& error) {
        spdlog::error("log_damaged: what follows event {} is not served: {}", world.sequence.value,
                      error.what());
    }
    return world;
}

bool save_snapshot(log::Snapshots& snapshots, const log::LogStore& store, const World& world) {
    const auto event = store.event(world.sequence);
    return event && snapshots.save(world.sequence, event->hash, snapshot_world(world));
}

}  // namespace pic::daemon
