// What travels between the controller and an agent. A bundle brings one service from a revision that the agent has (or
// from nothing) to the desired one; a report says how far the agent came. Both are plain data: how they become frames
// is the bus's business, how they become files the agent's.
//
// Two digests a file: of the reference form (secrets by name: have controller and agent the same desired state?) and of
// the resolved bytes (is what lies on the disk what was sent?).
#pragma once

#include <string>
#include <vector>

#include "schema/units.hpp"

namespace pic {

/// A fragment with its secrets resolved: secret bytes may be inside, so it lives in memory and in sealed storage only.
struct ResolvedFragment {
    std::string key;   ///< unique within the file; fragments are put together in the byte order of their keys
    std::string text;
};

/// The change of one file. `full`: forget what was there and start from the upserts.
struct FileChange {
    std::string path;  ///< relative, no "..", e.g. "wg0.conf", "zones/home.example.zone"; "parameters" is no file
    bool removed = false;
    bool full = false;
    std::vector<ResolvedFragment> upserts;
    std::vector<std::string> removals;  ///< keys
    Digest reference_digest{};          ///< of the desired reference form; opaque to the agent, echoed in its report
    Digest content_digest{};            ///< SHA-256 of the whole resolved text once assembled; checked by the agent
};

struct Bundle {
    std::string service;
    Position revision;   ///< the desired revision; never goes back within an epoch, an epoch never goes back
    Sequence base;       ///< the revision that the changes apply to; 0: from nothing, every file is `full`
    bool enabled = true; ///< a disabled service is stopped, its files stay
    std::vector<FileChange> files;  ///< of a delta: only what changed
};

enum class ApplyState { applied, refused, rolled_back, retrying, not_installed, disabled };

/// An agent's word on one service.
struct Report {
    std::string service;
    Position revision;          ///< the revision this speaks of
    Sequence applied;           ///< the newest revision that is live (reload and probe succeeded); 0: none
    ApplyState state = ApplyState::applied;
    std::string step;           ///< where it ended: fetch, stage, validate, swap, reload, probe
    std::string detail;         ///< what the program said, bounded to report_detail_limit bytes; no secrets
    bool healthy = false;       ///< the last probe succeeded
    bool drift = false;         ///< a live file differs from what was sent
    Timestamp at;
};

inline constexpr std::size_t report_detail_limit = 4096;

}  // namespace pic
