// Tables for people: columns as wide as what is in them, no lines drawn, the last column never padded.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace pic::cli {

class Table {
  public:
    explicit Table(std::vector<std::string> headings);
    /// As many cells as there are headings. Control characters show as '?'.
    void add(std::vector<std::string> cells);
    void print(std::ostream& out) const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// A column of a list of objects: the field that fills it.
struct Column {
    std::string heading;
    std::string field;
};

/// The list as a table; `none` where it is empty.
void print_list(std::ostream& out, const nlohmann::json& items, const std::vector<Column>& columns,
                const std::string& none);
/// One object: a line a field, in the order the daemon gave, nested ones left to --json.
void print_object(std::ostream& out, const nlohmann::json& object);
/// A value as a person writes it: lists by comma, yes and no, "-" for nothing.
std::string shown(const nlohmann::json& value);

}  // namespace pic::cli
