// Programs by argv, never through a shell, and never outliving the agent: a child asks the kernel for SIGKILL
// when the thread that forked it ends (PR_SET_PDEATHSIG, prctl(2)), so whoever calls must be a thread that
// lives as long as the child. Children stay in the agent's process group, and get a small environment of
// their own: what the agent was started with (tokens, keys) is none of theirs. posix_spawn was rejected: it
// can neither set the death signal nor enter a namespace.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pic::agent {

class Namespace;

/// A file descriptor that is closed with its owner.
class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd();
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset() { *this = Fd{}; }

  private:
    int fd_ = -1;
};

/// Writes a whole short text to a file that is there, as proc(5) wants it. Allocates nothing: a forked child
/// may call it.
[[nodiscard]] bool put(const char* path, const char* text);

/// What to start. The program is argv[0], a path.
struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> environment = {};  ///< "NAME=value", added to PATH and LANG
    const Namespace* space = nullptr;           ///< run inside it; nullptr: where the agent is
    /// For programs that will not be root: where the agent is, they run in a user namespace
    /// (user_namespaces(7)) in which its number is another. Its files stay theirs, which another user could
    /// not reach, and nothing else is gained.
    bool never_root = false;
};

/// A child that was started and not yet waited for. The destructor kills it and waits.
class Child {
  public:
    /// Forks and executes; output and errors of the child go to `output`. Throws std::system_error when it
    /// cannot fork. A program that cannot be executed ends with code 127 and says why in its output.
    Child(const Command& command, int output);
    /// Takes a child that was forked already.
    explicit Child(pid_t forked);
    Child(Child&&) = default;
    Child& operator=(Child&&) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Readable once the child has ended (pidfd_open(2)).
    [[nodiscard]] int descriptor() const { return pidfd_.get(); }
    void signal(int number) const;
    /// The exit code, or 128 + the signal that ended it. Waits for the end.
    int wait();

  private:
    void watch();

    pid_t pid_ = -1;
    Fd pidfd_;
};

/// What came of a program that was run to its end.
struct Ran {
    int code = 0;           ///< as Child::wait(); run_timed_out when it was killed for taking too long
    std::string output;     ///< both streams, the last `keep` bytes
    std::size_t lines = 0;  ///< ends of lines in all of the output, also in what is no longer there
    [[nodiscard]] bool ok() const { return code == 0; }
};

inline constexpr std::size_t run_output_limit = 64 * 1024;
inline constexpr int run_timed_out = 124;

/// Runs a program to its end. `keep`: bytes of its output.
[[nodiscard]] Ran run(const Command& command, std::chrono::milliseconds limit,
                      std::size_t keep = run_output_limit);

/// A pipe, both ends closed on exec.
struct Pipe {
    Fd read;
    Fd write;
};
[[nodiscard]] Pipe make_pipe();

/// The name of the user that the agent, and so its programs, run as; the number where that has no name.
[[nodiscard]] std::string user_name();

/// The path of a program, looked for in `folders` and then in PATH and the sbin folders.
[[nodiscard]] std::optional<std::string> find_program(std::string_view name,
                                                      const std::vector<std::string>& folders);

}  // namespace pic::agent
