// The life of picd: everything is opened in the order in which a fault touches the least (lock and log,
// vault, state), and is closed in the reverse order. What cannot be opened is said in a sentence, with an
// exit code of its own.
#pragma once

#include <signal.h>

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

    /// Serves on the calling thread until SIGTERM, SIGINT, or a backup that was restored. True: start another
    /// daemon. These signals and own_signal must be blocked in every thread.
    [[nodiscard]] bool run();

    static constexpr int own_signal = SIGUSR2;  ///< ends the wait for the others

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace pic::daemon
