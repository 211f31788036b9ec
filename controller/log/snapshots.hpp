// Snapshots of the state: a cache, so that a start need not fold the whole log, and a question about the past
// not all that came before it. A snapshot carries the sequence it stands at, the hash that the log has there,
// the version of the code that folded it and the hash of its own bytes; one that does not match in every
// respect is deleted and never used. Deleting them all changes nothing but time. They are files of their own,
// not rows of the log, so that writing them never meets a commit, and a backup need not carry them.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "schema/units.hpp"

namespace pic::log {

inline constexpr std::size_t snapshots_kept = 16;  ///< beyond it the one whose neighbours are nearest goes

struct Snapshot {
    Sequence sequence;
    std::string bytes;
};

/// The hash that the log has at a sequence; nothing where the log does not reach that far.
using HashAt = std::function<std::optional<Digest>(Sequence)>;

class Snapshots {
  public:
    /// `folder` is made where it is missing. `code` is the version of the evolve code: another one's
    /// snapshots are of no use. Any thread may call; the functions take turns.
    Snapshots(std::filesystem::path folder, Uuid cell, std::string code);

    /// Writes one; false where it could not (a cache may fail). Not for the writer's thread: it waits for the
    /// disk.
    bool save(Sequence sequence, const Digest& hash, std::string_view bytes);
    /// The newest valid one at or before `at`.
    [[nodiscard]] std::optional<Snapshot> nearest(Sequence at, const HashAt& hash_at);
    /// The highest sequence that any snapshot names, valid or not: one beyond the log's head means that the
    /// log lost its tail.
    [[nodiscard]] Sequence highest() const;

  private:
    std::filesystem::path folder_;
    Uuid cell_;
    std::string code_;
    mutable std::mutex mutex_;
};

}  // namespace pic::log
