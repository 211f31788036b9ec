// pic-agent: runs beside services, takes bundles, applies them, reports. Options, each also an environment
// variable; exit codes: 0 asked to end, 1 something broke, 2 wrong options, 3 another agent has this data
// folder, 4 it is to be started again to enrol anew.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include "adapters/agent/agent.hpp"
#include "adapters/agent/container.hpp"
#include "adapters/agent/enrolment.hpp"
#include "schema/private_memory.hpp"
#include "schema/sha256.hpp"

namespace fs = std::filesystem;
using namespace pic;
using namespace pic::agent;

namespace {

constexpr int exit_broken = 1;
constexpr int exit_usage = 2;
constexpr int exit_busy = 3;
constexpr int exit_again = 4;
constexpr std::chrono::milliseconds signal_poll{1000};
constexpr std::chrono::milliseconds token_poll{200};  // a person is waiting: the cell was just claimed
constexpr std::chrono::milliseconds longest_enrol_pause{10'000};
constexpr char shared_memory[] = "/dev/shm";

struct Options {
    std::string data = "./data";
    std::string memory;
    std::string controller;
    std::string listen = "127.0.0.1:3000";
    std::string bus;
    std::string server_key;
    std::string key;
    std::string token;
    std::string token_file;
    std::string adapters;
    std::string name_space = "private";
    std::string dns_port;
    std::string dns_bind;
    std::string state;
    std::vector<std::string> values;
    std::string log_level = "info";
    std::string log_format = "text";
    std::string health_file;
    bool check_health = false;
    std::vector<std::string> services;
};

void declare(CLI::App& app, Options& o) {
    app.add_option("--data", o.data, "Data folder; the agent's own is <data>/agent")->envname("PIC_DATA");
    app.add_option("--memory", o.memory,
                   "Folder for secrets, on a tmpfs (default: one of its own in /dev/shm)")
        ->envname("PIC_MEMORY");
    app.add_option("--controller", o.controller,
                   "http://host:port to enrol at (default: http://<PIC_LISTEN>)")
        ->envname("PIC_CONTROLLER");
    app.add_option("--listen", o.listen, "Where the controller listens, host:port")->envname("PIC_LISTEN");
    app.add_option("--bus", o.bus, "host:port of the bus (default: as learned when enrolling)")
        ->envname("PIC_BUS");
    app.add_option("--server-key", o.server_key,
                   "File with the bus's public key; with it there is no enrolment")
        ->envname("PIC_SERVER_KEY");
    app.add_option("--key", o.key, "File with this agent's key pair (default: <data>/agent/bus.key)")
        ->envname("PIC_AGENT_KEY");
    app.add_option("--enrolment-token", o.token, "One-time token to enrol with")
        ->envname("PIC_ENROLMENT_TOKEN");
    app.add_option("--enrolment-token-file", o.token_file,
                   "File to wait for and read it from (default: <data>/agent-token)")
        ->envname("PIC_ENROLMENT_TOKEN_FILE");
    app.add_option("--services", o.services, "Services to run, separated by commas")
        ->delimiter(',')
        ->envname("PIC_SERVICES");
    app.add_option("--adapters", o.adapters,
                   "Folder of the services' adapters (default: beside this program)")
        ->envname("PIC_ADAPTERS");
    app.add_option("--namespace", o.name_space,
                   "private: networks of their own where adapters ask for one; none: ours")
        ->check(CLI::IsMember({"private", "none"}))
        ->envname("PIC_NAMESPACE");
    app.add_option("--dns-port", o.dns_port, "Port of the DNS service")->envname("PIC_DNS_PORT");
    app.add_option("--dns-bind", o.dns_bind, "Address of the DNS service")->envname("PIC_DNS_BIND");
    app.add_option("--log-format", o.log_format, "text, or json: one object a line")
        ->check(CLI::IsMember({"text", "json"}))
        ->envname("PIC_LOG_FORMAT");
    app.add_option("--health-file", o.health_file, "File that is there while all services are well")
        ->envname("PIC_HEALTH_FILE");
    app.add_flag("--check-health", o.check_health, "Ask that file: 0 all are well, 1 not");
    app.add_option("--state", o.state,
                   "Folder of what services keep: mail, files, leases (default: <data>/state)")
        ->envname("PIC_STATE");
    app.add_option("--value", o.values,
                   "name=value for the {name}s of the adapters, over what they say themselves")
        ->delimiter(',')
        ->envname("PIC_VALUES");
    app.add_option("--log-level", o.log_level, "trace, debug, info, warn, error")->envname("PIC_LOG_LEVEL");
}

/// Something that ends the program, with a sentence.
struct Fatal {
    int code = exit_broken;
    std::string why;
};

template <class T>
T or_die(Result<T> result) {
    if (!result) throw Fatal{exit_broken, result.error().detail};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

/// Makes the agent's folder, 0700, and holds it against a second agent until the process ends.
fs::path take_folder(const Options& o) {
    const auto folder = fs::absolute(o.data).lexically_normal() / "agent";
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::owner_all);
    const int lock = ::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        throw Fatal{exit_busy, fmt::format("another agent has {}", folder.string())};
    }
    return folder;
}

/// A folder on the tmpfs that belongs to this user alone and to this data folder, else one on disk.
fs::path memory_folder(const Options& o, const fs::path& data) {
    if (!o.memory.empty()) return fs::absolute(o.memory);
    Sha256 hash;
    const auto name = to_hex(hash.update(data.string()).finish()).substr(0, 12);
    auto folder = fs::path(shared_memory) / fmt::format("pic-{}-{}", ::geteuid(), name);
    ::mkdir(folder.c_str(), S_IRWXU);
    struct stat status{};
    const bool ours = ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                      status.st_uid == ::geteuid() &&
                      (status.st_mode & (S_IRWXG | S_IRWXO) & ~mode_t{S_IXGRP | S_IXOTH}) == 0;
    if (ours) return folder;
    spdlog::warn("no folder in {}: live files with secrets lie in {}", shared_memory, data.string());
    return data / "memory";
}

std::vector<AdapterSpec> load_adapters(const Options& o) {
    const auto folder = o.adapters.empty() ? program_folder() / "adapters" : fs::absolute(o.adapters);
    auto names = o.services;
    if (names.empty() && fs::is_directory(folder)) {
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (fs::exists(entry.path() / "adapter.json")) names.push_back(entry.path().filename());
        }
        std::sort(names.begin(), names.end());
    }
    std::vector<AdapterSpec> specs;
    specs.reserve(names.size());
    for (const auto& name : names) specs.push_back(or_die(load_adapter(folder / name / "adapter.json")));
    if (specs.empty()) throw Fatal{exit_broken, fmt::format("no adapter in {}", folder.string())};
    return specs;
}

/// Whether SIGINT, SIGTERM or SIGHUP came within this time. They are blocked everywhere and only ever taken
/// here.
bool asked_to_end(std::chrono::milliseconds within) {
    sigset_t ends;
    ::sigemptyset(&ends);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&ends, number);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(within);
    const timespec limit{whole.count(), std::chrono::nanoseconds(within - whole).count()};
    return ::sigtimedwait(&ends, nullptr, &limit) > 0;
}

fs::path token_file_of(const Options& o, const fs::path& data) {
    return o.token_file.empty() ? data.parent_path() / "agent-token" : fs::path(o.token_file);
}

/// What another cell wanted is no last good of this one.
void forget_cell(const fs::path& data) { fs::remove_all(data / "services"); }

/// A token that lies there for somebody else to remove is the one that we came in with.
bool is_new(const std::string& token, const std::string& digest_of_ours) {
    return !token.empty() && digest_of(token) != digest_of_ours;
}

/// Enrols, waiting as long as it takes for a token and for the controller; nothing when asked to end
/// meanwhile. A new token in the file counts even where there is an enrolment: the cell is another one now (a
/// backup was restored), and does not know us.
std::optional<Enrolment> enrol_when_possible(const Options& o, const fs::path& data,
                                             const std::string& public_key) {
    const auto kept = data / "enrolment.json";
    const auto token_file = token_file_of(o, data);
    auto known = or_die(load_enrolment(kept));
    if (known && (!o.token.empty() || !is_new(first_line(token_file), known->token_digest))) return known;
    const auto controller = o.controller.empty() ? "http://" + o.listen : o.controller;
    std::string said;
    std::string used;  // and refused: only another one is worth a try
    for (std::chrono::milliseconds pause{0}; !asked_to_end(pause);) {
        const auto token = o.token.empty() ? first_line(token_file) : o.token;
        std::string why = fmt::format("waiting for a token in {}", token_file.string());
        if (token.empty() || token == used) {
            pause = token_poll;
        } else {
            auto enrolled = enrol(controller, token, public_key);
            if (enrolled) {
                if (known && known->server_public_key != enrolled->server_public_key) forget_cell(data);
                or_die(save_enrolment(kept, *enrolled));
                std::error_code ignored;
                if (o.token.empty()) fs::remove(token_file, ignored);  // it is of no more use to anybody
                return std::move(*enrolled);
            }
            why = enrolled.error().detail;
            if (enrolled.error().code != "unreachable") used = token;
            pause = std::min(std::max(pause, token_poll) * 2, longest_enrol_pause);
        }
        if (why != said) spdlog::info("not enrolled yet: {}", why);
        said = why;
    }
    return std::nullopt;
}

void log_line(std::string_view service, std::string_view line) {
    if (service.empty()) {
        spdlog::info("{}", line);
    } else {
        spdlog::info("{}: {}", service, line);
    }
}

void run(const Options& o) {
    AgentOptions a;
    a.data = take_folder(o);
    a.memory = memory_folder(o, a.data);
    a.adapters = load_adapters(o);
    if (!o.dns_port.empty()) a.overrides["dns_port"] = o.dns_port;
    if (!o.dns_bind.empty()) a.overrides["dns_bind"] = o.dns_bind;
    for (const auto& pair : o.values) {
        const auto equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos) throw Fatal{exit_usage, pair + " is no name=value"};
        a.overrides[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    a.state =
        fs::absolute(o.state.empty() ? fs::path(o.data) / "state" : fs::path(o.state)).lexically_normal();
    a.program_folders = {program_folder() / "../coredns", program_folder()};
    a.private_namespace = o.name_space == "private";
    a.log = log_line;
    a.held = [](std::string_view service, const Position& held) {
        spdlog::debug("{}: holds {}", service, held.sequence.value);
    };
    if (const char* at = std::getenv("PIC_CRASH_AT")) {  // for crash tests: "<service>:<step>"
        a.step = [wanted = std::string(at)](std::string_view service, std::string_view step) {
            if (wanted == fmt::format("{}:{}", service, step)) ::kill(::getpid(), SIGKILL);
        };
    }
    std::string our_token;
    const auto new_token = [&, file = token_file_of(o, a.data)] {
        return o.server_key.empty() && o.token.empty() && is_new(first_line(file), our_token);
    };
    a.keys = or_die(bus::load_or_make_key_pair(o.key.empty() ? a.data / "bus.key" : fs::path(o.key)));
    if (o.server_key.empty()) {
        const auto enrolment = enrol_when_possible(o, a.data, a.keys.public_key);
        if (!enrolment) return;
        a.server_public_key = enrolment->server_public_key;
        a.bus = enrolment->bus;
        our_token = enrolment->token_digest;
    } else {
        a.server_public_key = first_line(o.server_key);
    }
    if (!o.bus.empty()) a.bus = o.bus.contains("://") ? o.bus : "tcp://" + o.bus;
    if (a.bus.empty()) throw Fatal{exit_broken, "the address of the bus is not known: --bus"};

    HealthFile health(o.health_file);
    a.reported = [&health](const Report& report) {
        const bool serves = report.state == ApplyState::applied && report.healthy;
        health.set(report.service, serves || report.state == ApplyState::disabled);
    };
    std::vector<fs::path> in_memory;
    for (const auto& spec : a.adapters) {
        in_memory.push_back(a.memory / spec.service);
        health.expect(spec.service);
    }
    auto agent = or_die(Agent::start(std::move(a)));
    while (!asked_to_end(signal_poll)) {
        if (new_token()) throw Fatal{exit_again, "a token to enrol anew is there: to be started again"};
        reap_orphans();
        health.write();
    }
    spdlog::info("ending");
    agent.reset();
    std::error_code ignored;
    for (const auto& folder : in_memory) fs::remove_all(folder, ignored);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Runs services of a Personal Internet Cell: applies what the controller decides, and reports.",
        "pic-agent");
    Options options;
    declare(app, options);
    CLI11_PARSE(app, argc, argv);
    keep_memory_private();
    if (options.check_health) return HealthFile::is_fresh(options.health_file) ? 0 : exit_broken;
    spdlog::set_default_logger(spdlog::stderr_color_mt("pic-agent"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l pic-agent %v", spdlog::pattern_time_type::utc);
    if (options.log_format == "json") log_as_json();
    spdlog::set_level(spdlog::level::from_str(options.log_level));
    asked_to_end({});  // blocks the signals before there is a thread
    try {
        run(options);
        return 0;
    } catch (const Fatal& fatal) {
        spdlog::error("{}", fatal.why);
        return fatal.code;
    } catch (const std::exception& e) {
        spdlog::error("{}", e.what());
        return exit_broken;
    }
}
