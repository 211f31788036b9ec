// The local runtime's agent needs no person to invite it: as long as a claimed cell has no agent at all, a one-time token for
// one that speaks for every service lies in <data>/agent-token, mode 0600, for whoever can read the data folder (which is the
// daemon's own user). It goes away when it was used.
#pragma once

#include <atomic>
#include <filesystem>

#include "controller/core/cell.hpp"

namespace pic::daemon {

class LocalAgent {
  public:
    static constexpr std::string_view name = "local";

    LocalAgent(core::Cell& cell, std::filesystem::path token_file) : cell_(cell), file_(std::move(token_file)) {}

    /// Looks whether a token is wanted or superfluous. Cheap where nothing is to be done; any thread.
    void look();

  private:
    void invite();

    core::Cell& cell_;
    std::filesystem::path file_;
    std::atomic<bool> inviting_{false};
    std::atomic<bool> offered_{false};
};

}  // namespace pic::daemon
