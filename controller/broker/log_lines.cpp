#include "controller/broker/log_lines.hpp"

#include "schema/scalars.hpp"

namespace pic::broker {
namespace {

constexpr std::size_t header_size = 8;
constexpr char standard_error = 2;

std::size_t length_of(std::string_view header) {
    std::size_t length = 0;
    for (std::size_t i = 4; i < header_size; ++i)
        length = length << 8 | static_cast<unsigned char>(header[i]);
    return length;
}

std::string printable(std::string_view text) {
    text = text.substr(0, log_line_limit);
    if (is_clean_text(text)) return std::string(text);
    std::string out;
    for (const char c : text) out += c >= ' ' && c <= '~' ? c : c == '\t' ? ' ' : '?';
    return out;
}

LogLine line_of(std::string_view text, bool is_error) {
    LogLine line{.at = {}, .is_error = is_error, .text = {}};
    if (const auto space = text.find(' '); space != text.npos && text.substr(0, space).ends_with('Z')) {
        line.at = printable(text.substr(0, space));
        text.remove_prefix(space + 1);
    }
    if (text.ends_with('\r')) text.remove_suffix(1);
    line.text = printable(text);
    return line;
}

}  // namespace

std::vector<LogLine> log_lines(std::string_view stream) {
    std::vector<LogLine> lines;
    while (stream.size() >= header_size) {
        const bool is_error = stream[0] == standard_error;
        const auto length = std::min(length_of(stream), stream.size() - header_size);
        auto text = stream.substr(header_size, length);
        stream.remove_prefix(header_size + length);
        while (!text.empty()) {
            const auto end = std::min(text.find('\n'), text.size());
            lines.push_back(line_of(text.substr(0, end), is_error));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }
    return lines;
}

}  // namespace pic::broker
