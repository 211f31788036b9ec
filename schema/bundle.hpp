// What travels between the controller and an agent. A bundle brings one service from a revision that the
// agent has (or from nothing) to the desired one; a report says how far the agent came. Both are plain data:
// how they become frames is the bus's business, how they become files the agent's.
//
// Convergence is told by a digest that costs no more than the change: every fragment has the digest of its
// reference form (secrets by name and version), a file has the root of the Merkle tree over them
// (schema/fragment_tree.hpp). Controller and agent keep the same tree, so equal roots mean equal fragments.
// Whether the file on the disk is still what was assembled (drift) is the agent's own affair: it hashes what
// it wrote.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/units.hpp"

namespace pic {

/// A fragment with its secrets resolved: secret bytes may be inside, so it lives in memory and in sealed
/// storage only.
struct ResolvedFragment {
    std::string key;   ///< unique within the file; fragments are put together in the byte order of their keys
    Digest digest{};   ///< of the reference form, a leaf of the file's tree
    std::string text;  ///< the bytes that go into the file
};

/// The change of one file. `full`: forget what was there and start from the upserts.
struct FileChange {
    std::string
        path;  ///< relative, no "..", e.g. "wg0.conf", "zones/home.example.zone"; "parameters" is no file
    bool removed = false;
    bool full = false;
    std::vector<ResolvedFragment> upserts;
    std::vector<std::string> removals;  ///< keys
    Digest root{};  ///< of the tree once the change is made; the agent refuses a bundle that does not give it
};

struct Bundle {
    std::string service;
    Position revision;    ///< the desired revision; never goes back within an epoch, an epoch never goes back
    Sequence base;        ///< the revision that the changes apply to; 0: from nothing, every file is `full`
    bool enabled = true;  ///< a disabled service is stopped, its files stay
    std::vector<FileChange> files;  ///< of a delta: only what changed
};

/// Something to be done with what a service has, which is no change of what it should have: asked for over
/// the API, carried out once, told in a report, and then forgotten.
struct Operation {
    enum class Kind {
        restart,  ///< end the programs and start them, then probe
        reapply,  ///< write, validate, swap and reload everything once more
    };
    std::string service;
    Uuid id;
    Kind kind = Kind::restart;
    friend bool operator==(const Operation&, const Operation&) = default;
};

enum class ApplyState { applied, refused, rolled_back, retrying, not_installed, disabled };

/// An agent's word on one service.
struct Report {
    std::string service;
    Position revision;  ///< the revision this speaks of
    Sequence applied;   ///< the newest revision that is live (reload and probe succeeded); 0: none
    ApplyState state = ApplyState::applied;
    std::string step;      ///< where it ended: fetch, stage, validate, swap, reload, probe
    std::string detail;    ///< what the program said, bounded to report_detail_limit bytes; no secrets
    bool healthy = false;  ///< the last probe succeeded
    bool drift = false;    ///< a live file differs from what was sent
    Timestamp at;
    std::optional<Uuid> operation = {};  ///< that this is the end of
};

inline constexpr std::size_t report_detail_limit = 4096;

}  // namespace pic
