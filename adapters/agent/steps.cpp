#include "adapters/agent/steps.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "adapters/agent/dns_probe.hpp"
#include "adapters/agent/exchange.hpp"
#include "adapters/agent/interface.hpp"
#include "adapters/agent/seed.hpp"
#include "adapters/agent/wireguard_check.hpp"
#include "schema/bundle.hpp"

namespace pic::agent {

namespace {

constexpr std::chrono::milliseconds patience_poll{20};
constexpr std::size_t key_characters = 43;  ///< of 32 bytes in base64, without padding

std::unexpected<Rejection> failed(const StepSpec& step, std::string said) {
    const bool refused = !step.refused.empty() && said.contains(step.refused);
    return reject(refused ? "refused" : "failed", presentable(fmt::format("{}: {}", step.name, said)));
}

bool is_key_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '=';
}

Result<void> run_program(const StepSpec& step, const Values& values, const Runtime& runtime) {
    const auto argv = fill(step.argv, values);
    if (!argv) return failed(step, argv.error().detail);
    const auto environment = fill(step.environment, values);
    if (!environment) return failed(step, environment.error().detail);
    const auto wanted = fill(step.lines, values);
    if (!wanted) return failed(step, wanted.error().detail);
    const auto until = std::chrono::steady_clock::now() + step.patience;
    while (true) {
        const auto ran =
            run({.argv = *argv, .environment = *environment, .space = runtime.space()}, step.limit);
        if (!ran.ok()) return failed(step, fmt::format("code {}\n{}", ran.code, ran.output));
        const auto got = std::to_string(ran.lines);
        if (wanted->empty() || got == *wanted) return {};
        if (std::chrono::steady_clock::now() >= until)
            return failed(step, fmt::format("{} instead of {}", got, *wanted));
        std::this_thread::sleep_for(patience_poll);
    }
}

Result<void> send_signal(const StepSpec& step, const Runtime& runtime) {
    Program* program = runtime.program(step.program);
    if (program == nullptr) return failed(step, "the program is not there");
    const auto mark = program->mark();
    if (!program->signal(step.number)) return failed(step, "the program is not running");
    if (step.done.empty() && step.failed.empty()) return {};
    std::string said;
    switch (program->wait_for(mark, step.done, step.failed, step.limit, said)) {
        case Program::Heard::done:
            return {};
        case Program::Heard::failed:
            return failed(step, said);
        case Program::Heard::nothing:
            break;
    }
    return failed(step, "the program did not say that it took the change up");
}

Result<void> configure_interface(const StepSpec& step, const Values& values, const Runtime& runtime) {
    const auto all = fill({step.interface, step.addresses, step.mtu, step.routes}, values);
    if (!all) return failed(step, all.error().detail);
    const auto ip = values.find("ip");
    if (ip == values.end()) return failed(step, "the adapter names no ip(8) among its needs");
    const InterfaceSettings settings{
        .name = (*all)[0], .addresses = (*all)[1], .mtu = (*all)[2], .routes = (*all)[3]};
    const auto ok = set_interface(ip->second, runtime.space(), settings);
    return ok ? Result<void>{} : failed(step, ok.error().detail);
}

Result<void> check_wireguard_file(const StepSpec& step, const Values& values) {
    const auto path = fill(step.path, values);
    if (!path) return failed(step, path.error().detail);
    std::ifstream in(*path, std::ios::binary);
    if (!in) return failed(step, "the file is missing");
    std::ostringstream text;
    text << in.rdbuf();
    const auto ok = check_wireguard(std::move(text).str());
    return ok ? Result<void>{} : failed(step, ok.error().detail);
}

Result<void> ask_serials(const StepSpec& step, const Values& values) {
    const auto server = fill(step.server, values);
    if (!server) return failed(step, server.error().detail);
    for (auto at = values.lower_bound(step.each); at != values.end() && at->first.starts_with(step.each);
         ++at) {
        std::uint32_t serial = 0;
        std::from_chars(at->second.data(), at->second.data() + at->second.size(), serial);
        const auto ok = expect_serial(*server, at->first.substr(step.each.size()), serial, step.limit);
        if (!ok) return failed(step, ok.error().detail);
    }
    return {};
}

Result<void> restart_program(const StepSpec& step, const Values& values, Runtime& runtime) {
    const auto ok = runtime.restart(step.program, values);
    return ok ? Result<void>{} : failed(step, ok.error().detail);
}

Result<void> seed(const StepSpec& step, const Values& values) {
    const auto root = fill(step.path, values);
    if (!root) return failed(step, root.error().detail);
    for (auto at = values.lower_bound(step.each); at != values.end() && at->first.starts_with(step.each);
         ++at) {
        const auto ok = plant(*root, at->first.substr(step.each.size()), at->second);
        if (!ok) return failed(step, ok.error().detail);
    }
    return {};
}

Result<void> talk(const StepSpec& step, const Values& values) {
    const auto server = fill(step.server, values);
    if (!server) return failed(step, server.error().detail);
    const auto ok = expect_answer(*server, step.datagram, step.say, step.expect, step.limit);
    return ok ? Result<void>{} : failed(step, ok.error().detail);
}

}  // namespace

Result<void> run_step(const StepSpec& step, const Values& values, Runtime& runtime) {
    switch (step.kind) {
        case StepSpec::Kind::run:
            return run_program(step, values, runtime);
        case StepSpec::Kind::signal:
            return send_signal(step, runtime);
        case StepSpec::Kind::interface:
            return configure_interface(step, values, runtime);
        case StepSpec::Kind::wireguard:
            return check_wireguard_file(step, values);
        case StepSpec::Kind::dns:
            return ask_serials(step, values);
        case StepSpec::Kind::restart:
            return restart_program(step, values, runtime);
        case StepSpec::Kind::seed:
            return seed(step, values);
        case StepSpec::Kind::talk:
            return talk(step, values);
    }
    return failed(step, "an unknown kind");
}

bool concerns(const StepSpec& step, const std::vector<std::string>& changed) {
    return step.when.empty() || std::any_of(changed.begin(), changed.end(), [&](const std::string& name) {
               return std::any_of(step.when.begin(), step.when.end(), [&](const std::string& pattern) {
                   return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0;
               });
           });
}

std::string presentable(std::string text) {
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && (is_key_character(text[end]) || text[end] == '/')) ++end;
        if (end - begin >= key_characters && text[begin] != '/') {
            // A long path has slashes between short names; a key hardly any.
            const auto slashes =
                static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                                    text.begin() + static_cast<std::ptrdiff_t>(end), '/'));
            if (slashes <= 4) {
                text.replace(begin, end - begin, "<key>");
                end = begin + 5;
            }
        }
        begin = end + 1;
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (text.size() > report_detail_limit) text.erase(0, text.size() - report_detail_limit);
    return text;
}

}  // namespace pic::agent
