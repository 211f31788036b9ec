// Reads a header frame. The readers of fields return a value in any case and remember the first field that
// was missing or wrong, so that a message is read straight down and judged once, at the end.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::bus {

/// A view of a parsed document of the calling thread: at most one is alive on a thread at a time.
class HeaderReader {
  public:
    /// Refusals: "too_large", "malformed" (no JSON object, or nested too deep).
    static Result<HeaderReader> parse(std::string_view frame);

    std::string_view text(const char* name, std::size_t limit);  ///< valid until the next parse()
    std::uint64_t number(const char* name, std::uint64_t most = UINT64_MAX);
    bool boolean(const char* name);
    Position position(const char* name);
    std::vector<std::string> texts(const char* name, std::size_t count_limit, std::size_t limit);
    /// Absent and null are the same.
    [[nodiscard]] bool has(const char* name) const;
    /// Marks a field as wrong whose form a caller judges.
    void refuse(const char* name);

    /// Refusal: "malformed", with the pointer of the first wrong field.
    [[nodiscard]] Result<void> verdict() const;

  private:
    explicit HeaderReader(simdjson::dom::object object) : object_(object) {}
    template <class T>
    T value(const char* name);

    simdjson::dom::object object_;
    const char* wrong_ = nullptr;
};

/// Whether this is one JSON object nested at most `depth` deep.
[[nodiscard]] bool is_object(std::string_view json, std::size_t depth);
/// The unsigned number at "seq" of a JSON object nested at most `depth` deep.
[[nodiscard]] std::optional<std::uint64_t> sequence_of(std::string_view json, std::size_t depth);

}  // namespace pic::bus
