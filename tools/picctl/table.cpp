#include "tools/picctl/table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/terminal.hpp"

namespace pic::cli {
namespace {

constexpr std::size_t gap = 2;

/// Characters, not bytes: whatever is no UTF-8 continuation byte.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::add(std::vector<std::string> cells) {
    for (auto& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out) const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            out << row[i] << std::string(widths[i] - width_of(row[i]) + gap, ' ');
        out << row.back() << '\n';
    }
}

void print_list(std::ostream& out, const nlohmann::json& items, const std::vector<Column>& columns,
                const std::string& none) {
    if (items.empty()) {
        out << none << '\n';
        return;
    }
    std::vector<std::string> headings;
    for (const auto& column : columns) headings.push_back(column.heading);
    Table table(std::move(headings));
    for (const auto& item : items) {
        std::vector<std::string> cells;
        for (const auto& column : columns)
            cells.push_back(item.contains(column.field) ? shown(item.at(column.field)) : "-");
        table.add(std::move(cells));
    }
    table.print(out);
}

void print_object(std::ostream& out, const nlohmann::json& object) {
    std::size_t width = 0;
    for (const auto& [name, value] : object.items()) width = std::max(width, width_of(name));
    for (const auto& [name, value] : object.items())
        out << printable(name) << std::string(width - width_of(name) + gap, ' ') << printable(shown(value))
            << '\n';
}

std::string shown(const nlohmann::json& value) {
    if (value.is_null()) return "-";
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (value.is_string()) return value.get<std::string>().empty() ? "-" : value.get<std::string>();
    if (value.is_array() &&
        std::ranges::all_of(value, [](const auto& item) { return item.is_primitive(); })) {
        std::string all;
        for (const auto& item : value) all += (all.empty() ? "" : ", ") + shown(item);
        return all.empty() ? "-" : all;
    }
    return value.dump();
}

}  // namespace pic::cli
