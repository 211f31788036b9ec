// Writes a header frame: one JSON object on one line, fields in the order they are given. A few lines of our
// own, as a document tree would be built only to be flattened. Text that is not UTF-8 (a program's output,
// say) is made so by putting '?' for every byte beyond ASCII, since JSON allows nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units.hpp"

namespace pic::bus {

class HeaderWriter {
  public:
    explicit HeaderWriter(std::string_view type) { field("type", type); }

    HeaderWriter& field(std::string_view name, std::string_view value);
    HeaderWriter& field(std::string_view name, const char* value) {
        return field(name, std::string_view(value));
    }
    HeaderWriter& field(std::string_view name, std::uint64_t value);
    HeaderWriter& field(std::string_view name, bool value);
    HeaderWriter& field(std::string_view name, const std::vector<std::string>& values);
    HeaderWriter& field(std::string_view name, const Position& value);

    /// Closes the object and gives it away.
    [[nodiscard]] std::string finish() &&;

  private:
    void name(std::string_view name);
    void quoted(std::string_view text);

    std::string json_ = "{";
};

}  // namespace pic::bus
