#include "adapters/agent/live.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "adapters/agent/process.hpp"

namespace pic::agent {

namespace {

using Json = nlohmann::json;

constexpr std::size_t table_bytes_limit = 8 * 1024 * 1024;  ///< of a program's output or a file

std::optional<std::string> content_of(const TableSpec& table, const Values& values, const Runtime& runtime) {
    if (!table.file.empty()) {
        const auto path = fill(table.file, values);
        if (!path) return std::nullopt;
        std::ifstream in(*path, std::ios::binary);
        if (!in) return std::nullopt;
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str().substr(0, table_bytes_limit);
    }
    const auto argv = fill(table.argv, values);
    if (!argv) return std::nullopt;
    auto ran = run({.argv = *argv, .space = runtime.space()}, table.limit, table_bytes_limit);
    return ran.ok() ? std::optional(std::move(ran.output)) : std::nullopt;
}

/// The line's columns; with a blank as separator any number of blanks parts two.
std::vector<std::string> parted(const std::string& line, const TableSpec& table) {
    std::vector<std::string> columns;
    if (table.separator == " ") {
        std::istringstream words(line);
        for (std::string word; words >> word;) columns.push_back(word);
    } else {
        for (std::size_t at = 0; at <= line.size();) {
            const auto end = std::min(line.find(table.separator, at), line.size());
            columns.push_back(line.substr(at, end - at));
            at = end + table.separator.size();
        }
    }
    columns.resize(table.columns.size());
    return columns;
}

Json cell(const TableSpec& table, std::size_t column, const std::string& text) {
    if (std::ranges::find(table.numbers, table.columns[column]) != table.numbers.end()) {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && end == text.data() + text.size()) {
            const auto whole = static_cast<std::int64_t>(number);
            return static_cast<double>(whole) == number ? Json(whole) : Json(number);
        }
    }
    return text;
}

/// Collects rows into messages, each below the limit.
class Messages {
  public:
    Messages(const TableSpec& table, bool reset) : table_(table) { open(reset); }

    void row(const std::vector<std::string>& columns) {
        Json row = Json::array();
        for (std::size_t i = 0; i < columns.size(); ++i) row.push_back(cell(table_, i, columns[i]));
        add("rows", std::move(row));
    }
    void gone(const std::string& key) { add("gone", key); }
    std::vector<std::string> take() {
        if (!empty_) close();
        return std::move(done_);
    }

  private:
    void open(bool reset) {
        live_ = {{"table", table_.name},
                 {"columns", table_.columns},
                 {"chart", table_.chart},
                 {"rows", Json::array()},
                 {"gone", Json::array()}};
        if (reset) live_["reset"] = true;
        empty_ = !reset;
        size_ = live_.dump().size();
    }
    void add(const char* list, Json item) {
        const auto size = item.dump(-1, ' ', false, Json::error_handler_t::replace).size() + 1;
        if (size_ + size > live_message_limit) {
            close();
            open(false);
        }
        live_[list].push_back(std::move(item));
        size_ += size;
        empty_ = false;
    }
    void close() {
        done_.push_back(Json{{"live", live_}}.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    const TableSpec& table_;
    std::vector<std::string> done_;
    Json live_;
    std::size_t size_ = 0;
    bool empty_ = true;
};

}  // namespace

std::vector<std::string> LiveTables::changes(const Values& values, const Runtime& runtime) {
    const bool anew = turn_ == 0;
    turn_ = (turn_ + 1) % turns_until_anew;
    std::vector<std::string> all;
    for (const auto& table : tables_) {
        const auto text = content_of(table, values, runtime);
        if (!text) continue;
        Rows now;
        std::istringstream lines(*text);
        for (std::string line; std::getline(lines, line) && now.size() < table_rows_limit;) {
            auto columns = parted(line, table);
            if (!columns.front().empty()) now.insert_or_assign(columns.front(), std::move(columns));
        }
        auto& told = told_[table.name];
        if (anew) told.clear();
        Messages messages(table, anew);
        for (const auto& [key, columns] : now) {
            const auto old = told.find(key);
            if (old == told.end() || old->second != columns) messages.row(columns);
        }
        for (const auto& [key, columns] : told) {
            if (!now.contains(key)) messages.gone(key);
        }
        told = std::move(now);
        for (auto& message : messages.take()) all.push_back(std::move(message));
    }
    return all;
}

}  // namespace pic::agent
