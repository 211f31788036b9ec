// How picctl ends badly. The rest of the product returns its refusals as values; a command line has one
// answer to every refusal, to say it and stop, so here it is an exception that only run() catches. (Values
// were tried on paper: every verb would have had the same three lines after each call.)
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "schema/rejection.hpp"

namespace pic::cli {

/// What the shell gets. Stable: scripts rely on them, docs/picctl.md lists them.
enum class ExitCode {
    ok = 0,
    refused = 1,      ///< well-formed, but a rule of the cell forbids it (400, 413, 415, 422, 501)
    usage = 2,        ///< the command line itself is wrong
    unreachable = 3,  ///< no daemon there, or the connection broke
    forbidden = 4,    ///< not signed in, or not allowed (401, 403, 421)
    conflict = 5,     ///< a name, address or key is taken, or the thing changed meanwhile (409, 412)
    not_found = 6,    ///< no such thing (404, 405)
    unavailable = 7,  ///< the daemon cannot do it now; trying again may help (429, 5xx)
    not_applied = 8,  ///< with --wait: it is in the log, but an agent refused it or did not answer in time
    bad_log = 9,      ///< `log verify` found the chain broken
};

/// The exit code for an HTTP status that is not a success.
ExitCode exit_code_for(int http_status);

class Failure : public std::runtime_error {
  public:
    Failure(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
    /// A problem+json from the daemon; `body` is its text as it came.
    Failure(ExitCode code, Rejection problem, std::string body);

    [[nodiscard]] ExitCode code() const { return code_; }
    /// For people: the sentence, the stable code, each pointer; lines without a final newline.
    [[nodiscard]] std::string text() const;
    /// For scripts: the problem's own JSON, or one made of the sentence.
    [[nodiscard]] std::string json() const;

  private:
    ExitCode code_;
    Rejection problem_;
    std::string body_;
};

}  // namespace pic::cli
