// The state at the log's head: from the newest valid snapshot, and the events since. A snapshot is a cache;
// without one the whole log is folded, and the result is the same.
#pragma once

#include "controller/core/history.hpp"
#include "controller/log/snapshots.hpp"

namespace pic::daemon {

/// The world of the nearest snapshot at or before `at`, or nothing.
[[nodiscard]] std::shared_ptr<const World> nearest_snapshot(log::Snapshots& snapshots,
                                                            const log::LogStore& store, Sequence at);

/// The world after `to`. Throws BadEvent where the log holds what this program does not understand,
/// log::ReadError where it cannot be read.
[[nodiscard]] World load_world(log::Snapshots& snapshots, const log::LogStore& store, Sequence to);
/// The world after `to`, or, where a damaged log cannot be folded that far, after the last event that can be.
[[nodiscard]] World load_what_can_be_read(const log::LogStore& store, Sequence to);

/// Writes a snapshot of the world. False where it could not: a cache may fail.
bool save_snapshot(log::Snapshots& snapshots, const log::LogStore& store, const World& world);

/// So many events after the last snapshot, another one is worth its writing.
inline constexpr std::uint64_t snapshot_interval = 20'000;

}  // namespace pic::daemon
