#include "adapters/agent/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace pic::agent {

namespace {
using Clock = std::chrono::steady_clock;
}

struct Program::State {
    explicit State(Settings s) : settings(std::move(s)), wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (!wake) throw std::system_error(errno, std::generic_category(), "eventfd");
    }

    const Settings settings;
    Fd wake;  ///< readable once it is to stop

    mutable std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;
    bool tried = false;
    std::uint32_t starts = 0;
    std::optional<Child> child;
    std::deque<Line> lines;
    std::uint64_t line_count = 0;  ///< ever seen; the last of `lines` has this number
    std::string partial;           ///< the program's thread only

    std::thread thread;

    void run();
    Fd start();
    int watch(int output);
    void take_output(int output);
    void add_line(std::string line);
    bool pause(std::chrono::milliseconds length);
};

void Program::State::run() {
    auto length = first_restart_pause;
    while (true) {
        const auto begun = Clock::now();
        try {
            const Fd output = start();
            const int code = watch(output.get());
            add_line(fmt::format("(ended with code {})", code));
        } catch (const std::system_error& e) {
            add_line(fmt::format("(cannot be started: {})", e.what()));
            const std::scoped_lock lock(mutex);
            tried = true;
            changed.notify_all();
        }
        if (Clock::now() - begun > stable_after) length = first_restart_pause;
        if (!pause(length)) return;
        length = std::min(2 * length, longest_restart_pause);
    }
}

/// Gives the end of the pipe that its output comes from.
Fd Program::State::start() {
    auto [read, write] = make_pipe();
    ::fcntl(read.get(), F_SETFL, O_NONBLOCK);
    bool again = false;
    {
        const std::scoped_lock lock(mutex);
        child.emplace(settings.command, write.get());
        again = starts++ > 0;
        tried = true;
        changed.notify_all();
    }
    if (again && settings.on_restart) settings.on_restart();
    return std::move(read);
}

/// Until the child has ended; gives its exit code.
int Program::State::watch(int output) {
    pollfd wanted[] = {{child->descriptor(), POLLIN, 0}, {output, POLLIN, 0}, {wake.get(), POLLIN, 0}};
    std::optional<Clock::time_point> kill_at;
    while (true) {
        int timeout = -1;
        if (kill_at) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*kill_at - Clock::now()).count();
            timeout = static_cast<int>(std::max<decltype(left)>(left, 0));
        }
        const int n = ::poll(wanted, 3, timeout);
        if (n < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
        if (n == 0) child->signal(9);
        if (wanted[1].revents != 0) take_output(output);
        if (wanted[1].revents & (POLLHUP | POLLERR)) wanted[1].fd = -1;
        if (wanted[2].revents != 0) {
            child->signal(settings.stop_signal);
            kill_at = Clock::now() + stop_patience;
            wanted[2].fd = -1;
            wanted[2].revents = 0;
        }
        if (wanted[0].revents != 0) break;
    }
    take_output(output);
    if (!partial.empty()) add_line(std::exchange(partial, {}));
    const std::scoped_lock lock(mutex);
    const int code = child->wait();
    child.reset();
    changed.notify_all();
    return code;
}

void Program::State::take_output(int output) {
    char buffer[4096];
    while (true) {
        const ssize_t n = ::read(output, buffer, sizeof buffer);
        if (n <= 0) return;
        for (const char c : std::string_view(buffer, static_cast<std::size_t>(n))) {
            if (c == '\n') {
                add_line(std::exchange(partial, {}));
            } else if (partial.size() < line_limit) {
                partial += c;
            }
        }
    }
}

void Program::State::add_line(std::string line) {
    if (settings.on_line) settings.on_line(line);
    const std::scoped_lock lock(mutex);
    using namespace std::chrono;
    const Timestamp at{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
    lines.push_back({++line_count, at, std::move(line)});
    if (lines.size() > kept_lines) lines.pop_front();
    changed.notify_all();
}

/// False when it is to stop.
bool Program::State::pause(std::chrono::milliseconds length) {
    std::unique_lock lock(mutex);
    return !changed.wait_for(lock, length, [&] { return stopping; });
}

Program::Program(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {
    state_->thread = std::thread([s = state_.get()] { s->run(); });
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->tried; });
}

Program::~Program() { stop(); }

void Program::stop() {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        state_->changed.notify_all();
    }
    const std::uint64_t one = 1;
    if (::write(state_->wake.get(), &one, sizeof one) < 0 && errno != EAGAIN) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    if (state_->thread.joinable()) state_->thread.join();
}

std::optional<pid_t> Program::pid() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->child ? std::optional(state_->child->pid()) : std::nullopt;
}

std::uint32_t Program::starts() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->starts;
}

bool Program::signal(int number) {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->child) return false;
    state_->child->signal(number);
    return true;
}

std::string Program::tail(std::size_t bytes) const {
    const std::scoped_lock lock(state_->mutex);
    std::string text;
    for (auto line = state_->lines.rbegin(); line != state_->lines.rend(); ++line) {
        if (text.size() + line->text.size() + 1 > bytes) break;
        text.insert(0, line->text + "\n");
    }
    return text;
}

std::vector<Program::Line> Program::lines() const {
    const std::scoped_lock lock(state_->mutex);
    return {state_->lines.begin(), state_->lines.end()};
}

std::uint64_t Program::mark() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->line_count;
}

Program::Heard Program::wait_for(std::uint64_t mark, const std::string& done, const std::string& failed,
                                 std::chrono::milliseconds limit, std::string& said) {
    const auto deadline = Clock::now() + limit;
    std::unique_lock lock(state_->mutex);
    std::uint64_t seen = mark;
    while (true) {
        const std::uint64_t first = state_->line_count - state_->lines.size();
        for (seen = std::max(seen, first); seen < state_->line_count; ++seen) {
            const std::string& line = state_->lines[seen - first].text;
            const bool bad = !failed.empty() && line.find(failed) != std::string::npos;
            if (!bad && (done.empty() || line.find(done) == std::string::npos)) continue;
            said = line;
            return bad ? Heard::failed : Heard::done;
        }
        if (!state_->child) return Heard::nothing;
        if (state_->changed.wait_until(lock, deadline) == std::cv_status::timeout) return Heard::nothing;
    }
}

}  // namespace pic::agent
