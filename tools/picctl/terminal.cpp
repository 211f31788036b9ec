#include "tools/picctl/terminal.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tools/picctl/failure.hpp"

namespace pic::cli {
namespace {

/// The terminal's echo is off while this lives.
class EchoOff {
  public:
    EchoOff() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~EchoOff() {
        if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

  private:
    termios before_{};
    bool changed_ = false;
};

std::optional<std::string> ask_with_echo_off(std::string_view prompt) {
    std::cerr << prompt << std::flush;
    std::string line;
    const EchoOff silence;
    const bool got = static_cast<bool>(std::getline(std::cin, line));
    std::cerr << '\n';
    return got ? std::optional(line) : std::nullopt;
}

std::string ask_for_secret(Terminal& terminal, const std::string& prompt) {
    auto answer = terminal.ask_secret(prompt + ": ");
    if (!answer || answer->empty()) throw Failure(ExitCode::usage, "nothing was entered");
    return *answer;
}

}  // namespace

Terminal real_terminal() {
    return {std::cin,
            std::cout,
            std::cerr,
            isatty(STDIN_FILENO) == 1,
            isatty(STDOUT_FILENO) == 1,
            isatty(STDERR_FILENO) == 1,
            ask_with_echo_off};
}

std::string ask(Terminal& terminal, std::string_view question, const std::string& fallback) {
    if (!terminal.in_is_tty) {
        if (!fallback.empty()) return fallback;
        throw Failure(ExitCode::usage,
                      fmt::format("{} is needed, and there is no terminal to ask on", question));
    }
    terminal.err << question << (fallback.empty() ? "" : " [" + fallback + "]") << ": " << std::flush;
    std::string line;
    if (!std::getline(terminal.in, line)) throw Failure(ExitCode::usage, "no answer");
    return line.empty() ? fallback : line;
}

std::string secret_from(Terminal& terminal, const SecretSource& source) {
    if (source.from_stdin) {
        std::string line;
        if (!std::getline(terminal.in, line) || line.empty())
            throw Failure(ExitCode::usage, fmt::format("{}: nothing on standard input", source.what));
        return line;
    }
    if (const char* given = std::getenv(source.variable.c_str()); given != nullptr && *given != '\0')
        return given;
    if (!terminal.in_is_tty)
        throw Failure(ExitCode::usage, fmt::format("{}: set {}, or give it on standard input with {}",
                                                   source.what, source.variable, source.option));
    auto first = ask_for_secret(terminal, source.what);
    if (source.twice && ask_for_secret(terminal, "The same again") != first)
        throw Failure(ExitCode::usage, "the two differ");
    return first;
}

std::string printable(std::string_view text, bool multiline) {
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool kept = multiline && (byte == '\n' || byte == '\t');
        // C1 controls (U+0080..U+009F) are two bytes in UTF-8: C2 80..9F.
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) ++i;
        shown += !kept && (byte < 0x20 || byte == 0x7F || c1) ? '?' : text[i];
    }
    return shown;
}

Progress::Progress(Terminal& terminal, std::string what) : terminal_(terminal), what_(std::move(what)) {
    if (!terminal_.err_is_tty) return;
    terminal_.err << '\r' << what_ << " ..." << std::flush;
}

Progress::~Progress() {
    if (terminal_.err_is_tty) terminal_.err << "\r\033[K" << std::flush;
}

void Progress::bytes(std::uint64_t done, std::uint64_t total) {
    constexpr std::uint64_t mebibyte = 1024 * 1024;
    const auto step = static_cast<std::size_t>(done / mebibyte);
    if (!terminal_.err_is_tty || step == shown_) return;
    shown_ = step;
    terminal_.err << '\r' << what_ << ": " << step << " MiB";
    if (total > 0) terminal_.err << fmt::format(" of {} ({} %)", total / mebibyte, done * 100 / total);
    terminal_.err << "\033[K" << std::flush;
}

}  // namespace pic::cli
