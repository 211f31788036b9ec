// The life of picd: everything is opened in the order in which a fault touches the least (lock and log, vault, state), and is
// closed in the reverse order. What cannot be opened is said in a sentence, with an exit code of its own.
#pragma once

#include <memory>
#include <stdexcept>

#include "controller/daemon/options.hpp"

namespace pic::daemon {

/// The daemon cannot start; nothing was changed.
struct StartError : std::runtime_error {
    StartError(int exit_code, const std::string& sentence) : std::runtime_error(sentence), code(exit_code) {}
    int code;
};

class Daemon {
  public:
    /// Throws StartError.
    explicit Daemon(Options options);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Serves until SIGTERM or SIGINT, on the calling thread.
    void run();

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace pic::daemon
