// One changed peer among many, as the agent makes it live (stage, validate, swap, `wg syncconf`, probe,
// journal), against what a script would do: `wg syncconf` alone, and the interface taken down and brought up.
// Both on a real WireGuard, each in a network namespace of its own, with the same peers.
#pragma once

#include <filesystem>
#include <string>

namespace pic::bench {

struct ApplyOptions {
    std::filesystem::path adapter;  ///< adapters/wireguard/adapter.json
    std::filesystem::path folder;   ///< an empty one, for both
    unsigned peers = 1000;
    int rounds = 5;
};

/// {"apply":[...],"syncconf":[...],"down_up":[...]} in microseconds.
[[nodiscard]] std::string apply_one_peer(const ApplyOptions& options);

}  // namespace pic::bench
