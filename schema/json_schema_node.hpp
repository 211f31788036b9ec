// The compiled form of a schema, private to schema/json_schema*.cpp. Everything a check needs is a number, a
// pointer or a short list to scan: an object has few fields, and comparing a dozen short names is quicker
// than hashing one.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "schema/json_formats.hpp"
#include "schema/json_schema.hpp"

namespace pic {

class Schema {};

using TypeSet = std::uint8_t;
inline constexpr TypeSet type_null = 1, type_boolean = 2, type_integer = 4, type_number = 8, type_string = 16,
                         type_array = 32, type_object = 64;

/// The bits of SchemaNode::required allow no more.
inline constexpr std::size_t schema_property_limit = 64;
/// Fields of an open object unless the schema says otherwise.
inline constexpr std::size_t schema_open_object_limit = 256;

struct SchemaNode;

/// A key as one step of a JSON pointer (RFC 6901): "~" becomes "~0", "/" becomes "~1".
std::string escape_pointer(std::string_view key);

struct SchemaProperty {
    std::string name;
    const SchemaNode* schema = nullptr;
};

struct SchemaNode : Schema {
    TypeSet types = 0;  ///< 0: any

    std::vector<std::string> values;  ///< enum or const, strings only
    std::size_t min_length = 0;
    std::size_t max_length = std::numeric_limits<std::size_t>::max();
    const JsonFormat* format = nullptr;
    bool multiline = false;

    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();

    const SchemaNode* items = nullptr;
    std::size_t min_items = 0;
    std::size_t max_items = std::numeric_limits<std::size_t>::max();
    bool unique = false;

    std::vector<SchemaProperty> properties;
    std::uint64_t required = 0;              ///< bit i: properties[i]
    const SchemaNode* additional = nullptr;  ///< what any other field must be
    bool open = false;                       ///< other fields pass unchecked
    std::size_t min_properties = 0;
    std::size_t max_properties = schema_open_object_limit;

    std::string discriminator;  ///< oneOf: the field that names the branch
    std::map<std::string, const SchemaNode*, std::less<>> branches;
};

}  // namespace pic
