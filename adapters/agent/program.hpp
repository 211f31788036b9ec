// A service program that should always run: started, watched, started again with growing pauses when it ends
// by itself, its output kept as a bounded tail (for reports, and to wait for the line by which a program says
// that it has reloaded) and written to the log. One thread a program does nothing but that: it is the parent
// whose end the kernel turns into the child's (adapters/agent/process.hpp), and nobody who waits for a reload
// keeps a pipe from being read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/agent/process.hpp"
#include "schema/units.hpp"

namespace pic::agent {

inline constexpr std::size_t kept_lines = 200;  ///< of a program's output
inline constexpr std::size_t line_limit = 512;  ///< bytes; the rest of a longer line is dropped
inline constexpr std::chrono::milliseconds first_restart_pause{100};
inline constexpr std::chrono::milliseconds longest_restart_pause{30'000};
inline constexpr std::chrono::milliseconds stable_after{10'000};  ///< a run this long resets the pause
inline constexpr std::chrono::milliseconds stop_patience{3'000};  ///< between the stop signal and SIGKILL

class Program {
  public:
    struct Settings {
        std::string name;  ///< for the log
        Command command;
        int stop_signal = 15;
        std::function<void(const std::string& line)>
            on_line;                       ///< each line of output; runs on the program's thread
        std::function<void()> on_restart;  ///< it was started again; likewise
    };

    /// Starts it. The first start has been tried when this returns.
    explicit Program(Settings settings);
    ~Program();  ///< stop()
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    /// Asks it to end, then makes it. Idempotent.
    void stop();

    [[nodiscard]] std::optional<pid_t> pid() const;  ///< none while it does not run
    [[nodiscard]] std::uint32_t starts() const;      ///< how often it was started
    /// False when it does not run.
    bool signal(int number);

    struct Line {
        std::uint64_t number = 0;  ///< from 1, since the program was first started
        Timestamp at;
        std::string text;
    };
    /// The last kept_lines of output, oldest first.
    [[nodiscard]] std::vector<Line> lines() const;
    /// The last lines of output, at most `bytes` of them.
    [[nodiscard]] std::string tail(std::size_t bytes) const;

    /// A mark in the output: what comes later is after it.
    [[nodiscard]] std::uint64_t mark() const;

    enum class Heard { done, failed, nothing };
    /// Waits for a line after `mark` that contains `done` or, first, `failed` (an empty text is in no line);
    /// the line goes into `said`. `nothing`: neither came in time, or the program ended.
    Heard wait_for(std::uint64_t mark, const std::string& done, const std::string& failed,
                   std::chrono::milliseconds limit, std::string& said);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pic::agent
