// Input is checked against the very schemas that the API page shows (schema/README.md names the subset), so
// that the document and the program cannot drift apart. A schema is compiled once, at start, into a small
// tree of nodes; checking walks the node and the parsed value side by side and allocates nothing unless
// something is wrong. A general validator (libraries over nlohmann, std::regex for `pattern`) was rejected:
// too slow for the write path, and it refuses in words that a person cannot use. Whatever the subset does not
// know is an error at start, never ignored.
//
// Beyond JSON Schema's own rules these always hold: an unknown field is refused unless the schema opens the
// object, a key given twice is refused, and a string with control characters, U+2028 or U+2029 is refused
// (newline, carriage return and tab pass where the schema says `"x-multiline": true`).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rejection.hpp"

namespace simdjson::dom {
class element;
class parser;
}  // namespace simdjson::dom

namespace pic {

/// Deepest nesting of a JSON text that is read at all.
inline constexpr std::size_t json_depth_limit = 32;
/// A refusal names at most this many faults.
inline constexpr std::size_t field_error_limit = 32;

/// One compiled schema. Made by SchemaSet only, valid as long as it.
class Schema;

/// All the schemas of one document.
class SchemaSet {
  public:
    /// `document`: JSON text, e.g. the OpenAPI document. Throws std::runtime_error when it is no JSON.
    explicit SchemaSet(std::string_view document);
    ~SchemaSet();
    SchemaSet(const SchemaSet&) = delete;
    SchemaSet& operator=(const SchemaSet&) = delete;

    /// The schema at a JSON pointer of the document ("/components/schemas/AddPeer"), compiled with all that
    /// it refers to. Throws std::runtime_error for a pointer that leads nowhere or a keyword outside the
    /// subset.
    const Schema& at(std::string_view pointer);

  private:
    struct Compiler;
    std::unique_ptr<Compiler> compiler_;
};

/// What is wrong with `value`, in document order; empty when nothing is. At most field_error_limit entries.
[[nodiscard]] std::vector<FieldError> validate(const Schema& schema, simdjson::dom::element value);

/// Checks a text that is no JSON, such as a query parameter or a path segment: the text is read as the type
/// that the schema asks for ("100" as an integer, "true" as a boolean). `name` becomes the pointer of what is
/// wrong.
[[nodiscard]] std::vector<FieldError> validate_text(const Schema& schema, std::string_view name,
                                                    std::string_view text);

/// Parses JSON text with the limits above. `text` needs not be padded; the element lives until the parser's
/// next use. Refuses with malformed_json: bad syntax, bad UTF-8, too deep, or nothing at all.
[[nodiscard]] Result<simdjson::dom::element> parse_json(simdjson::dom::parser& parser, std::string_view text);

/// The rejection that validate()'s findings make: code invalid_field.
[[nodiscard]] Rejection invalid_fields(std::vector<FieldError> errors);

}  // namespace pic
