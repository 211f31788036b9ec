// Where words go to and come from. The real one is the process's own streams; a test brings string streams
// and says what is a terminal, so that every verb runs in a test as it runs for a person.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace pic::cli {

struct Terminal {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool in_is_tty = false;
    bool out_is_tty = false;
    bool err_is_tty = false;
    /// Asks with the echo off; nothing at end of input. Called only where in_is_tty.
    std::function<std::optional<std::string>(std::string_view prompt)> ask_secret;
};

/// stdin, stdout and stderr of this process.
Terminal real_terminal();

/// Asks on stderr, so that stdout stays the answer's alone. An empty line gives `fallback`. Throws Failure
/// (usage) at end of input, or where nobody is there to ask and there is no fallback.
std::string ask(Terminal& terminal, std::string_view question, const std::string& fallback = {});

/// How a secret may come: never from the command line, where every process of the machine could read it.
struct SecretSource {
    std::string what;      ///< "Password"
    std::string variable;  ///< of the environment
    std::string option;    ///< that says it comes on standard input
    bool from_stdin = false;
    bool twice = false;  ///< asked twice, to catch a slip of the finger
};
/// From the first line of stdin, from the environment, or asked. Throws Failure (usage).
std::string secret_from(Terminal& terminal, const SecretSource& source);

/// `text` with every control character shown as '?', so that nothing a server says can steer the terminal.
/// Newlines and tabs survive where `multiline`.
std::string printable(std::string_view text, bool multiline = false);

/// Says on stderr how long work comes along, if stderr is a terminal; wipes its line at the end.
class Progress {
  public:
    Progress(Terminal& terminal, std::string what);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// `total` 0: not known.
    void bytes(std::uint64_t done, std::uint64_t total);

  private:
    Terminal& terminal_;
    std::string what_;
    std::size_t shown_ = 0;
};

}  // namespace pic::cli
