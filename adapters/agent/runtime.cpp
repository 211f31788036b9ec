#include "adapters/agent/runtime.hpp"

#include <unistd.h>

#include <charconv>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapters/agent/interface.hpp"

namespace pic::agent {

namespace {

constexpr std::chrono::milliseconds short_run{5'000};
constexpr std::uint32_t starts_before_giving_up = 3;

}  // namespace

Runtime::Runtime(const AdapterSpec& spec, Settings settings) : spec_(spec), settings_(std::move(settings)) {
    for (const auto& program : spec_.programs) programs_.push_back({.spec = &program, .program = nullptr});
}

Runtime::~Runtime() { stop(); }

void Runtime::log(std::string_view line) const {
    if (settings_.log) settings_.log(line);
}

Result<void> Runtime::find(const Need& need) {
    if (!need.device.empty()) {
        if (::access(need.device.c_str(), R_OK | W_OK) == 0) return {};
        return reject("not_installed",
                      fmt::format("{} is not there for this user; {}", need.device, need.install));
    }
    if (!need.file.empty()) {
        if (::access(need.file.c_str(), R_OK) == 0) return {};
        return reject("not_installed", fmt::format("{} is not there; {}", need.file, need.install));
    }
    if (!need.user.empty()) {
        if (need.user == user_name()) return {};
        return reject("not_installed", fmt::format("the agent is not {}; {}", need.user, need.install));
    }
    if (found_.contains(need.program)) return {};
    auto path = find_program(need.program, settings_.program_folders);
    if (!path) {
        return reject("not_installed", fmt::format("{} is not installed; {}", need.program, need.install));
    }
    found_[need.program] = std::move(*path);
    return {};
}

Result<void> Runtime::prepare() {
    for (const auto& need : spec_.needs) {
        if (auto ok = find(need); !ok) return ok;
    }
    if (spec_.own_namespace && settings_.private_namespace && !space_) {
        auto space = Namespace::make(spec_.private_folders, settings_.needed_paths);
        if (!space) return reject("not_installed", space.error().detail);
        space_.emplace(std::move(*space));
    }
    for (auto& running : programs_) {
        if (running.instead || running.program) continue;
        if (!running.spec->instead.empty()) {
            const auto argv = fill(running.spec->instead, found_);
            if (!argv) return std::unexpected(argv.error());
            running.instead = run({.argv = *argv, .space = space()}, short_run).ok();
        }
        if (running.instead) continue;
        for (const auto& need : running.spec->needs) {
            if (auto ok = find(need); !ok) return ok;
        }
    }
    return {};
}

Result<void> Runtime::start(const Values& values) {
    for (auto& running : programs_) {
        if (running.instead || running.program) continue;
        if (auto ok = start_program(running, values); !ok) return ok;
    }
    running_ = true;
    return {};
}

Result<void> Runtime::start_program(Running& running, const Values& values) {
    const auto argv = fill(running.spec->argv, values);
    if (!argv) return std::unexpected(argv.error());
    const auto environment = fill(running.spec->environment, values);
    if (!environment) return std::unexpected(environment.error());
    const auto& name = running.spec->name;
    running.program = std::make_unique<Program>(Program::Settings{
        .name = name,
        .command = {.argv = *argv,
                    .environment = *environment,
                    .space = space(),
                    .never_root = running.spec->never_root},
        .stop_signal = running.spec->stop_signal,
        .on_line = [this, &name](const std::string& line) { log(fmt::format("{}: {}", name, line)); },
        .on_restart = settings_.restarted});
    auto ready = await_ready(running, values);
    if (!ready) running.program.reset();
    return ready;
}

Result<void> Runtime::restart(std::string_view name, const Values& values) {
    for (auto& running : programs_) {
        if (running.spec->name != name) continue;
        if (running.instead) return {};
        running.program.reset();
        return start_program(running, values);
    }
    return reject("start", fmt::format("the adapter has no program {}", name));
}

Result<void> Runtime::await_ready(const Running& running, const Values& values) {
    if (running.spec->ready.empty()) return {};
    const auto argv = fill(running.spec->ready, values);
    if (!argv) return std::unexpected(argv.error());
    const auto deadline = std::chrono::steady_clock::now() + ready_limit;
    while (std::chrono::steady_clock::now() < deadline) {
        if (run({.argv = *argv, .space = space()}, short_run).ok()) return {};
        if (!running.program->pid() && running.program->starts() >= starts_before_giving_up) break;
        std::this_thread::sleep_for(ready_poll);
    }
    return reject("start", fmt::format("{} does not become ready\n{}", running.spec->name,
                                       running.program->tail(line_limit)));
}

Result<void> Runtime::relay(const Values& values) {
    std::string wanted;
    for (const auto& spec : spec_.relays) {
        const auto all = fill({spec.listen, spec.port, spec.to}, values);
        if (!all) return std::unexpected(all.error());
        wanted += fmt::format("{}\n", fmt::join(*all, " "));
    }
    if (wanted == relayed_) return {};
    relays_.clear();
    relayed_.clear();
    for (const auto& spec : spec_.relays) {
        const auto port_text = *fill(spec.port, values);
        std::uint16_t port = 0;
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
        std::vector<Fd> datagrams;
        std::vector<Fd> listeners;
        for (const auto& word : words(*fill(spec.listen, values))) {
            const auto address = word.substr(0, word.find('/'));
            for (const bool listen : {false, true}) {
                auto socket =
                    space_ ? space_->open_socket(address, port, listen) : open_socket(address, port, listen);
                if (!socket) return reject("relay", socket.error().detail);
                (listen ? listeners : datagrams).push_back(std::move(*socket));
            }
        }
        auto started = Relay::start(std::move(datagrams), std::move(listeners), *fill(spec.to, values),
                                    spec.patience.value_or(relay_patience));
        if (!started) return std::unexpected(started.error());
        relays_.push_back(std::move(*started));
    }
    relayed_ = std::move(wanted);
    return {};
}

void Runtime::stop() {
    relays_.clear();
    relayed_.clear();
    for (auto running = programs_.rbegin(); running != programs_.rend(); ++running) {
        running->program.reset();
        if (!running->instead) continue;
        running->instead = false;
        if (const auto argv = fill(running->spec->undo, found_); argv && !argv->empty()) {
            if (!run({.argv = *argv, .space = space()}, short_run).ok())
                log("the kernel's part could not be undone");
        }
    }
    space_.reset();
    running_ = false;
}

Program* Runtime::program(std::string_view name) const {
    for (const auto& running : programs_) {
        if (running.spec->name == name) return running.program.get();
    }
    return nullptr;
}

std::string Runtime::tail(std::size_t bytes) const {
    std::string text;
    for (const auto& running : programs_) {
        if (running.program) text += running.program->tail(bytes / programs_.size());
    }
    return text;
}

std::string Runtime::status() const {
    auto programs = nlohmann::json::array();
    for (const auto& running : programs_) {
        nlohmann::json program{{"name", running.spec->name}, {"kernel", running.instead}};
        if (running.program) {
            program["starts"] = running.program->starts();
            const auto pid = running.program->pid();
            program["pid"] = pid ? nlohmann::json(*pid) : nlohmann::json(nullptr);
        }
        programs.push_back(std::move(program));
    }
    nlohmann::json status{{"programs", std::move(programs)}};
    if (space_) status["namespace_pid"] = space_->holder();
    return status.dump();
}

}  // namespace pic::agent
