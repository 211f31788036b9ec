// What runs of a service: its programs, the namespace they run in, the relays out of it. Started as a whole
// when the service is first made live, stopped as a whole when it is disabled or the agent ends. What is
// missing on the machine is found here, before anything of the service is touched.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agent/namespace.hpp"
#include "adapters/agent/program.hpp"
#include "adapters/agent/relay.hpp"
#include "adapters/agent/spec.hpp"

namespace pic::agent {

/// For a program to be ready after its start.
inline constexpr std::chrono::milliseconds ready_limit{10'000};
inline constexpr std::chrono::milliseconds ready_poll{2};

class Runtime {
  public:
    struct Settings {
        std::vector<std::string> program_folders;   ///< looked in before PATH
        bool private_namespace = true;              ///< where the adapter asks for one
        std::vector<std::string> needed_paths;      ///< must stay visible inside it
        std::function<void(std::string_view)> log;  ///< may be called by any thread
        std::function<void()> restarted;  ///< a program ended and was started again; by another thread
    };

    /// `spec` must outlive it.
    Runtime(const AdapterSpec& spec, Settings settings);
    ~Runtime();  ///< stop()
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// Finds every program and device, and makes the namespace. Refusal: "not_installed" with what would mend
    /// it.
    Result<void> prepare();

    /// Where the programs are that prepare() found: by name, the path.
    [[nodiscard]] const Values& found() const { return found_; }

    [[nodiscard]] bool running() const { return running_; }
    /// Starts the programs and waits until they are ready. Refusals: "start", "unknown_parameter".
    Result<void> start(const Values& values);
    /// Ends one of the programs, where it runs, and starts it with these values. Refusals: as start().
    Result<void> restart(std::string_view name, const Values& values);
    /// (Re)starts the relays where their addresses changed. Refusal: "relay".
    Result<void> relay(const Values& values);
    void stop();

    [[nodiscard]] Program* program(std::string_view name) const;  ///< nullptr where there is none
    [[nodiscard]] const Namespace* space() const { return space_ ? &*space_ : nullptr; }
    [[nodiscard]] std::string tail(std::size_t bytes) const;  ///< of the programs' output
    /// f(program's name, line) for what the programs said lately.
    template <class F>
    void each_line(F&& f) const {
        for (const auto& running : programs_) {
            if (!running.program) continue;
            for (const auto& line : running.program->lines()) f(running.spec->name, line);
        }
    }
    [[nodiscard]] std::string status() const;  ///< see Applier::status()

  private:
    struct Running {
        const ProgramSpec* spec = nullptr;
        bool instead = false;  ///< the kernel does the work
        std::unique_ptr<Program> program;
    };

    Result<void> find(const Need& need);
    Result<void> prepare_program(const ProgramSpec& program);
    Result<void> start_program(Running& running, const Values& values);
    Result<void> await_ready(const Running& running, const Values& values);
    void log(std::string_view line) const;

    const AdapterSpec& spec_;
    Settings settings_;
    Values found_;
    std::optional<Namespace> space_;
    bool running_ = false;
    std::vector<Running> programs_;
    std::vector<std::unique_ptr<Relay>> relays_;
    std::string relayed_;  ///< what the relays were started for
};

}  // namespace pic::agent
