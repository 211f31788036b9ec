#include "adapters/agent/own_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pic::agent {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

std::string joined(const std::vector<std::string_view>& lines, std::size_t from, std::size_t to) {
    std::string text;
    for (auto i = from; i < to && text.size() + lines[i].size() <= drift_text_limit; ++i) text += lines[i];
    return text;
}

TableSpec spec(std::string name, std::vector<std::string> columns) {
    TableSpec made;
    made.name = std::move(name);
    made.columns = std::move(columns);
    return made;
}

/// What a program says may be no UTF-8.
std::string row(const std::vector<std::string>& cells) {
    using nlohmann::json;
    return json(cells).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

const TableSpec& log_table() {
    static const TableSpec table = spec("log", {"key", "program", "at", "line"});
    return table;
}

LiveTables::Rows log_rows(const Runtime& runtime) {
    LiveTables::Rows rows;
    runtime.each_line([&](const std::string& program, const Program::Line& line) {
        auto key = fmt::format("{:013}/{}/{:010}", line.at.ms, program, line.number);
        auto told = row({key, program, to_string(line.at), line.text});
        rows.emplace(std::move(key), std::move(told));
    });
    return rows;
}

const TableSpec& drift_table() {
    static const TableSpec table = spec("drift", {"path", "written", "found"});
    return table;
}

std::string drift_row(const std::string& path, std::string_view written, std::string_view found) {
    const auto a = lines_of(written), b = lines_of(found);
    const auto shorter = std::min(a.size(), b.size());
    std::size_t head = 0, tail = 0;
    while (head < shorter && a[head] == b[head]) ++head;
    while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    head -= std::min(head, drift_context_lines);
    tail -= std::min(tail, drift_context_lines);
    return row({path, joined(a, head, a.size() - tail), joined(b, head, b.size() - tail)});
}

}  // namespace pic::agent
