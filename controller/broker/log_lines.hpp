// Docker's log stream taken apart: frames of eight bytes of header (1 stdout, 2 stderr; the length,
// big-endian in the last four) and text, in which every line begins with its time (the Engine API's "Stream
// format" of container attach). A program can print anything at all, so what comes out is UTF-8 without
// control characters, whatever went in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pic::broker {

inline constexpr std::size_t log_line_limit = 4096;  ///< bytes of a line; the rest is dropped

struct LogLine {
    std::string at;  ///< RFC 3339, as Docker wrote it; empty where it wrote none
    bool is_error = false;
    std::string text;
    friend bool operator==(const LogLine&, const LogLine&) = default;
};

[[nodiscard]] std::vector<LogLine> log_lines(std::string_view stream);

}  // namespace pic::broker
