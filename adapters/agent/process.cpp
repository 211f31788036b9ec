#include "adapters/agent/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "adapters/agent/namespace.hpp"

namespace pic::agent {

namespace {

constexpr char default_path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int exec_failed = 127;
constexpr unsigned private_umask = 077;

std::system_error broken(const char* what) { return {errno, std::generic_category(), what}; }

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    list.reserve(words.size() + 1);
    for (const auto& w : words) list.push_back(const_cast<char*>(w.c_str()));
    list.push_back(nullptr);
    return list;
}

// Between fork and exec of a threaded process only async-signal-safe calls are allowed (fork(2)): everything
// that follows is a system call on memory that was made ready before.
[[noreturn]] void give_up(const char* what) {
    const char* why = strerrordesc_np(errno);
    for (const char* part : {"cannot start: ", what, ": ", why == nullptr ? "unknown error" : why, "\n"}) {
        if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
    }
    ::_exit(exec_failed);
}

/// Root no longer, to whom it asks; 65534 is nobody's number everywhere.
bool stop_being_root() {
    if (::geteuid() != 0) return true;
    return ::unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", "65534 0 1") && put("/proc/self/gid_map", "65534 0 1");
}

[[noreturn]] void become(char* const* argv, char* const* environment, const Command& command, int output,
                         pid_t parent) {
    const Namespace* const space = command.space;
    if (::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0) give_up("dup2");
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0) give_up("/dev/null");
    if (space != nullptr && !space->enter()) give_up("entering the namespace");
    if (command.never_root && !stop_being_root()) give_up("a user namespace");
    // After the namespaces: gaining its capabilities clears the death signal.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up("prctl");
    if (::getppid() != parent) ::_exit(exec_failed);
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0U);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::umask(private_umask);
    if (::chdir("/") != 0) give_up("chdir");
    ::execve(argv[0], argv, environment);
    give_up(argv[0]);
}

int exit_code(const siginfo_t& info) {
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void keep_last(std::string& text, std::size_t limit) {
    if (text.size() > limit) text.erase(0, text.size() - limit);
}

/// Reads what is there; false at the end of the stream.
bool drain(int fd, Ran& into, std::size_t keep) {
    char buffer[8192];
    while (true) {
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n > 0) {
            into.output.append(buffer, static_cast<std::size_t>(n));
            into.lines += static_cast<std::size_t>(std::count(buffer, buffer + n, '\n'));
            keep_last(into.output, keep);
            continue;
        }
        if (n == 0) return false;
        if (errno == EINTR) continue;
        return errno == EAGAIN;
    }
}

}  // namespace

bool put(const char* path, const char* text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const auto size = static_cast<ssize_t>(std::strlen(text));
    const bool ok = ::write(fd, text, std::strlen(text)) == size;
    ::close(fd);
    return ok;
}

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw broken("pipe2");
    return {Fd(ends[0]), Fd(ends[1])};
}

Child::Child(const Command& command, int output) {
    std::vector<std::string> environment{default_path, "LANG=C.UTF-8"};
    environment.insert(environment.end(), command.environment.begin(), command.environment.end());
    const auto argv = pointers(command.argv);
    const auto env = pointers(environment);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw broken("fork");
    if (pid_ == 0) become(argv.data(), env.data(), command, output, parent);
    watch();
}

Child::Child(pid_t forked) : pid_(forked) { watch(); }

void Child::watch() {
    pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
    if (!pidfd_) {
        const auto why = broken("pidfd_open");
        ::kill(pid_, SIGKILL);
        wait();
        throw why;
    }
}

Child::~Child() {
    if (!pidfd_) return;  // moved from, or waited for
    signal(SIGKILL);
    wait();
}

void Child::signal(int number) const {
    if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0U);
}

int Child::wait() {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0) {
        if (errno != EINTR) throw broken("waitid");
    }
    pidfd_.reset();
    return exit_code(info);
}

Ran run(const Command& command, std::chrono::milliseconds limit, std::size_t keep) {
    auto [read, write] = make_pipe();
    Child child(command, write.get());
    write.reset();
    ::fcntl(read.get(), F_SETFL, O_NONBLOCK);

    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limit;
    Ran ran;
    pollfd wanted[] = {{child.descriptor(), POLLIN, 0}, {read.get(), POLLIN, 0}};
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            child.signal(SIGKILL);
            child.wait();
            drain(read.get(), ran, keep);
            ran.output += "\n(took longer than " + std::to_string(limit.count()) + " ms)";
            ran.code = run_timed_out;
            return ran;
        }
        if (::poll(wanted, 2, static_cast<int>(left)) < 0 && errno != EINTR) throw broken("poll");
        if (wanted[1].revents != 0 && !drain(read.get(), ran, keep)) wanted[1].fd = -1;
        if (wanted[0].revents != 0) break;
    }
    ran.code = child.wait();
    drain(read.get(), ran, keep);
    return ran;
}

std::optional<std::string> find_program(std::string_view name, const std::vector<std::string>& folders) {
    std::vector<std::string> all = folders;
    const char* path = std::getenv("PATH");
    std::istringstream given(path == nullptr ? "" : path);
    for (std::string folder; std::getline(given, folder, ':');) all.push_back(folder);
    for (const char* folder :
         {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
        all.emplace_back(folder);
    }
    for (const auto& folder : all) {
        if (folder.empty() || folder.front() != '/') continue;
        const auto candidate = std::filesystem::path(folder) / name;
        std::error_code error;
        if (std::filesystem::is_regular_file(candidate, error) && ::access(candidate.c_str(), X_OK) == 0) {
            return candidate.string();
        }
    }
    return std::nullopt;
}

std::string user_name() {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const auto uid = ::geteuid();
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return found->pw_name;
    return std::to_string(uid);
}

}  // namespace pic::agent
