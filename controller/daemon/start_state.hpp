// The state at the log's head: from the newest valid snapshot, and the events since. A snapshot is a cache; without one the
// whole log is folded, and the result is the same.
#pragma once

#include "controller/core/history.hpp"
#include "controller/log/snapshots.hpp"

namespace pic::daemon {

/// The world of the nearest snapshot at or before `at`, or nothing.
[[nodiscard]] std::shared_ptr<const World> nearest_snapshot(log::Snapshots& snapshots, const log::LogStore& store, Sequence at);

/// Throws BadEvent where the log holds what this program does not understand.
[[nodiscard]] World load_world(log::Snapshots& snapshots, const log::LogStore& store);

/// Writes a snapshot of the world. False where it could not: a cache may fail.
bool save_snapshot(log::Snapshots& snapshots, const log::LogStore& store, const World& world);

/// So many events after the last snapshot, another one is worth its writing.
inline constexpr std::uint64_t snapshot_interval = 20'000;

}  // namespace pic::daemon
