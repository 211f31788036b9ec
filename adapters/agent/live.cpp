#include "adapters/agent/live.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "adapters/agent/process.hpp"
#include "schema/units.hpp"

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

using Cells = std::vector<Json>;

/// The line's columns; with a blank as separator any number of blanks parts two.
Cells parted(const std::string& line, const TableSpec& table) {
    Cells columns;
    if (table.separator == " ") {
        std::istringstream words(line);
        for (std::string word; words >> word;) columns.emplace_back(word);
    } else {
        for (std::size_t at = 0; at <= line.size();) {
            const auto end = std::min(line.find(table.separator, at), line.size());
            columns.emplace_back(line.substr(at, end - at));
            at = end + table.separator.size();
        }
    }
    columns.resize(table.columns.size(), "");
    return columns;
}

/// A value within a row's object. A step "*" gives a list of what lies behind it in each item.
Json pointed(const Json& from, std::string_view pointer) {
    const auto star = pointer.find("/*");
    const Json::json_pointer here{std::string(pointer.substr(0, star))};
    if (!from.contains(here)) return nullptr;
    const auto& found = from.at(here);
    if (star == std::string_view::npos) return found.is_structured() ? Json() : found;
    Json all = Json::array();
    for (const auto& item : found) {
        if (all.size() == table_list_limit) break;
        if (auto value = pointed(item, pointer.substr(star + 2)); value.is_primitive() && !value.is_null())
            all.push_back(std::move(value));
    }
    return all;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

std::optional<double> number_of(const Json& cell) {
    if (cell.is_number()) return cell.get<double>();
    if (!cell.is_string()) return std::nullopt;
    const auto& text = cell.get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// As it is told: a word of ours for one of the program's, a moment or a number where the column is one.
Json told_cell(const TableSpec& table, const std::string& column, Json cell) {
    if (const auto words = table.words.find(column); words != table.words.end() && cell.is_string()) {
        const auto word = words->second.find(cell.get_ref<const std::string&>());
        if (word != words->second.end()) return word->second.empty() ? Json() : Json(word->second);
    }
    const bool is_time = has(table.times, column);
    if (!is_time && !has(table.numbers, column)) return cell;
    const auto number = number_of(cell);
    if (!number) return is_time ? Json() : cell;
    const auto whole = static_cast<std::int64_t>(*number);
    if (is_time) return whole <= 0 ? Json() : Json(to_string(Timestamp{whole * 1000}));
    return static_cast<double>(whole) == *number ? Json(whole) : Json(*number);
}

std::string text_of(const Json& cell) { return cell.is_string() ? cell.get<std::string>() : cell.dump(); }

/// What tells a row from others; empty: the row is none.
std::string key_of(const TableSpec& table, const Cells& cells) {
    if (table.key.empty()) return text_of(cells.front());
    std::string key;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!has(table.key, table.columns[i]) || cells[i].is_null()) continue;
        if (!key.empty()) key += ' ';
        key += text_of(cells[i]);
    }
    return key;
}

std::vector<std::string> told_columns(const TableSpec& table) {
    auto columns = table.columns;
    if (!table.key.empty()) columns.emplace(columns.begin(), "id");
    return columns;
}

/// f(cells) for each row of the content.
template <class F>
void each_row(const TableSpec& table, const std::string& content, F&& f) {
    const auto object = [&](const Json& row) {
        Cells cells;
        for (const auto& pointer : table.pointers) cells.push_back(pointed(row, pointer));
        f(std::move(cells));
    };
    const bool is_whole = !table.rows.empty() || (!table.pointers.empty() && content.starts_with('['));
    if (is_whole) {
        const auto json = Json::parse(content, nullptr, false);
        const Json::json_pointer list{table.rows};
        if (!json.contains(list)) return;
        for (const auto& row : json.at(list)) object(row);
        return;
    }
    std::istringstream lines(content);
    for (std::string line; std::getline(lines, line);) {
        if (table.pointers.empty()) {
            f(parted(line, table));
        } else if (const auto row = Json::parse(line, nullptr, false); row.is_object()) {
            object(row);
        }
    }
}

/// Collects rows into messages, each below the limit.
class Messages {
  public:
    Messages(const TableSpec& table, bool reset) : table_(table) { open(reset); }

    void row(const std::string& text) { add("rows", Json::parse(text)); }
    void gone(const std::string& key) { add("gone", key); }
    std::vector<std::string> take() {
        if (!empty_) close();
        return std::move(done_);
    }

  private:
    void open(bool reset) {
        live_ = {{"table", table_.name},
                 {"columns", told_columns(table_)},
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

/// The cells that begin anew with every reload become what they have come to.
void add_up(const TableSpec& table, std::vector<Total>& totals, Cells& cells) {
    totals.resize(table.totals.size());
    for (std::size_t i = 0; i < totals.size(); ++i) {
        auto& cell = cells[static_cast<std::size_t>(std::ranges::find(table.columns, table.totals[i]) -
                                                    table.columns.begin())];
        const auto number = number_of(cell);
        if (!number) continue;
        auto& total = totals[i];
        if (*number < total.last) total.before += total.last;
        total.last = *number;
        cell = static_cast<std::int64_t>(total.before + total.last);
    }
}

}  // namespace

bool LiveTables::begin_turn() {
    const bool anew = turn_ == 0;
    turn_ = (turn_ + 1) % turns_until_anew;
    return anew;
}

void LiveTables::tell(const TableSpec& table, Rows now, bool anew, std::vector<std::string>& all) {
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

std::vector<std::string> LiveTables::changes(const Values& values, const Runtime& runtime) {
    const bool anew = begin_turn();
    std::vector<std::string> all;
    for (const auto& table : tables_) {
        const auto text = content_of(table, values, runtime);
        if (!text) continue;
        Rows now;
        Totals totals;
        each_row(table, *text, [&](Cells cells) {
            if (now.size() == table_rows_limit) return;
            for (std::size_t i = 0; i < cells.size(); ++i)
                cells[i] = told_cell(table, table.columns[i], std::move(cells[i]));
            auto key = key_of(table, cells);
            if (!key.starts_with(table.prefix)) return;
            key.erase(0, table.prefix.size());
            if (key.empty()) return;
            if (!table.totals.empty()) {
                auto& counted = totals[key] = std::move(totals_[table.name][key]);
                add_up(table, counted, cells);
            }
            if (table.key.empty()) {
                if (!table.prefix.empty()) cells.front() = key;
            } else {
                cells.emplace(cells.begin(), key);
            }
            now.insert_or_assign(std::move(key),
                                 Json(cells).dump(-1, ' ', false, Json::error_handler_t::replace));
        });
        totals_[table.name] = std::move(totals);
        tell(table, std::move(now), anew, all);
    }
    return all;
}

std::vector<std::string> LiveTables::changes_of(std::vector<std::pair<const TableSpec*, Rows>> now) {
    const bool anew = begin_turn();
    std::vector<std::string> all;
    for (auto& [table, rows] : now) tell(*table, std::move(rows), anew, all);
    return all;
}

}  // namespace pic::agent
