#include "controller/core/live_state.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "schema/record.hpp"

namespace pic::core {
namespace {

using Element = simdjson::dom::element;

std::unexpected<Rejection> malformed(std::string_view what) {
    return reject("invalid_field", fmt::format("a live table {}", what));
}

std::vector<std::string> texts(Element object, const char* key) {
    std::vector<std::string> all;
    simdjson::dom::array list;
    if (object[key].get(list) != simdjson::SUCCESS) return all;
    for (const auto item : list) {
        std::string_view text;
        if (item.get(text) == simdjson::SUCCESS) all.emplace_back(text);
    }
    return all;
}

Result<void> put_rows(Element live, LiveTable& table) {
    simdjson::dom::array rows;
    if (live["rows"].get(rows) != simdjson::SUCCESS) return malformed("has no rows");
    for (const auto row : rows) {
        simdjson::dom::array cells;
        if (row.get(cells) != simdjson::SUCCESS || cells.size() != table.columns.size())
            return malformed("has a row of other columns");
        std::string_view key;
        if (cells.at(0).get(key) != simdjson::SUCCESS) return malformed("has a row without a key");
        if (table.rows.size() >= LiveState::rows_limit && !table.rows.contains(std::string(key))) {
            return reject("too_large", "a live table has too many rows");
        }
        std::vector<std::string> texts;
        for (const auto cell : cells) {
            if (cell.is_object()) return malformed("has a cell that is no value");
            texts.push_back(simdjson::minify(cell));
        }
        table.rows.insert_or_assign(std::string(key), std::move(texts));
    }
    return {};
}

}  // namespace

std::optional<std::size_t> LiveTable::column(std::string_view name) const {
    const auto found = std::ranges::find(columns, name);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns.begin());
}

std::optional<double> LiveTable::number(const std::string& key, std::string_view name) const {
    const auto row = rows.find(key);
    const auto index = column(name);
    if (row == rows.end() || !index) return std::nullopt;
    const auto& cell = row->second[*index];
    double value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc{} || end != cell.data() + cell.size()) return std::nullopt;
    return value;
}

std::optional<std::string> LiveTable::text(const std::string& key, std::string_view name) const {
    const auto row = rows.find(key);
    const auto index = column(name);
    if (row == rows.end() || !index) return std::nullopt;
    simdjson::dom::parser parser;
    std::string_view text;
    if (parser.parse(row->second[*index]).get(text) != simdjson::SUCCESS) return std::nullopt;
    return std::string(text);
}

Result<void> LiveState::take(const std::string& service, std::string_view json, Timestamp at) {
    simdjson::dom::parser parser;
    Element message, live;
    if (parser.parse(json.data(), json.size()).get(message) != simdjson::SUCCESS)
        return malformed("is no JSON");
    if (message["live"].get(live) != simdjson::SUCCESS) return {};
    std::string_view name;
    if (live["table"].get(name) != simdjson::SUCCESS || name.empty()) return malformed("has no name");
    auto columns = texts(live, "columns");
    if (columns.empty() || columns.size() > columns_limit) return malformed("has no columns, or too many");
    {
        const std::lock_guard lock(mutex_);
        const std::pair key{service, std::string(name)};
        if (!tables_.contains(key) && tables_.size() >= tables_limit)
            return reject("too_large", "there are too many live tables");
        auto& table = tables_[key];
        bool reset = false;
        if (table.columns != columns || (live["reset"].get(reset) == simdjson::SUCCESS && reset))
            table.rows.clear();
        table.columns = std::move(columns);
        table.chart = texts(live, "chart");
        table.at = at;
        for (const auto& gone : texts(live, "gone")) table.rows.erase(gone);
        if (auto ok = put_rows(live, table); !ok) return ok;
    }
    if (told_) told_(service, std::string(name));
    return {};
}

std::string LiveState::json(const std::string& service) const {
    std::string out = "{\"items\":[";
    each([&](const std::string& of, const std::string& name, const LiveTable& table) {
        // What its agent says of it has calls of its own (controller/api/drift.cpp says why).
        if (of != service || name == "log" || name == "drift") return;
        if (out.back() != '[') out += ',';
        out += "{\"table\":";
        write_json_string(out, name);
        out += ",\"at\":";
        write_json(out, table.at);
        out += ",\"columns\":";
        write_json(out, table.columns);
        out += fmt::format(",\"rows\":[");
        for (const auto& [key, cells] : table.rows) {
            if (out.back() != '[') out += ',';
            out += fmt::format("[{}]", fmt::join(cells, ","));
        }
        out += "]}";
    });
    return out + "],\"next_cursor\":null}";
}

}  // namespace pic::core
