// What may be asked of the broker: six verbs on the containers of one cell, and nothing else. Whoever reaches
// the Docker socket is root on the host, so the daemon that faces the network does not hold it; this small
// program does, and what it understands is a closed list. A request is one line of JSON,
// {"verb":"logs","container":"cell-dns","tail":100}; so is the answer, {"ok":true,"items":[...]} or
// {"ok":false,"code":"not_found","detail":"..."}. Then the connection ends. (Passing Docker's own API through
// with a filter was rejected: a filter lists what is bad, and the API grows every release.)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "schema/rejection.hpp"

namespace pic::broker {

inline constexpr std::size_t request_limit = 1024;               ///< bytes of a request, its newline included
inline constexpr std::size_t answer_limit = 8 * 1024 * 1024;     ///< bytes of an answer
inline constexpr unsigned tail_default = 100, tail_most = 1000;  ///< lines of a log

enum class Verb { list, start, stop, restart, logs, stats };
[[nodiscard]] std::string_view to_string(Verb verb);

struct Request {
    Verb verb = Verb::list;
    std::string container;         ///< a Docker name; empty for list
    unsigned tail = tail_default;  ///< of logs
};

/// Refusals: "malformed_json", "invalid_field"; an unknown verb or member is one, as is a name that Docker
/// would not give.
[[nodiscard]] Result<Request> parse_request(std::string_view line);
/// The line that parse_request() reads, with its newline.
[[nodiscard]] std::string to_line(const Request& request);

/// Docker's own rule for names: a letter or digit, then letters, digits, "_", "." and "-".
[[nodiscard]] bool is_container_name(std::string_view text);

}  // namespace pic::broker
