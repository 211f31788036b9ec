#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "schema/json_schema_node.hpp"

namespace pic {
namespace {

using nlohmann::json;

/// Said to people and to code generators; they ask nothing of a value.
constexpr std::array annotations = {"title",    "description", "default",    "examples", "example",
                                    "readOnly", "writeOnly",   "deprecated", "type",     "$comment"};

TypeSet type_named(const std::string& name) {
    static const std::map<std::string, TypeSet> names = {{"null", type_null},       {"boolean", type_boolean},
                                                         {"integer", type_integer}, {"number", type_number},
                                                         {"string", type_string},   {"array", type_array},
                                                         {"object", type_object}};
    const auto found = names.find(name);
    if (found == names.end()) throw std::runtime_error(fmt::format("unknown type \"{}\"", name));
    return found->second;
}

TypeSet types_of(const json& schema) {
    const auto type = schema.find("type");
    if (type == schema.end()) return 0;
    if (type->is_string()) return type_named(type->get<std::string>());
    TypeSet types = 0;
    for (const auto& name : *type) types = static_cast<TypeSet>(types | type_named(name.get<std::string>()));
    return types;
}

}  // namespace

struct SchemaSet::Compiler {
    json document;
    std::deque<SchemaNode> nodes;  ///< addresses stay
    std::map<std::string, const SchemaNode*, std::less<>> by_pointer;

    const SchemaNode* at(const std::string& pointer) {
        if (const auto found = by_pointer.find(pointer); found != by_pointer.end()) return found->second;
        const json::json_pointer path(pointer);
        if (!document.contains(path)) throw std::runtime_error(fmt::format("no schema at {}", pointer));
        const auto& source = document.at(path);
        if (const auto target = source.find("$ref"); target != source.end()) {
            return by_pointer[pointer] = follow(target->get<std::string>());
        }
        auto& node = nodes.emplace_back();
        by_pointer[pointer] = &node;  // before the children, which may refer back to it
        fill(node, source, pointer);
        return &node;
    }

    const SchemaNode* follow(const std::string& reference) {
        if (!reference.starts_with("#/")) {
            throw std::runtime_error(fmt::format("\"{}\" refers to another document", reference));
        }
        return at(reference.substr(1));
    }

    /// One keyword at a time, so that an unknown one is noticed.
    void fill(SchemaNode& node, const json& source, const std::string& pointer) {
        if (!source.is_object()) throw std::runtime_error(fmt::format("{} is no schema", pointer));
        node.types = types_of(source);
        for (const auto& [key, value] : source.items()) {
            try {
                if (!string_keyword(node, key, value) && !number_keyword(node, key, value) &&
                    !array_keyword(node, key, value, pointer) && !object_keyword(node, key, value, pointer) &&
                    !branch_keyword(node, key, value, pointer) &&
                    std::ranges::find(annotations, key) == annotations.end() && !key.starts_with("x-")) {
                    throw std::runtime_error("is not in our subset (schema/README.md)");
                }
            } catch (const std::exception& error) {
                throw std::runtime_error(fmt::format("{}: keyword \"{}\": {}", pointer, key, error.what()));
            }
        }
        require(node, source, pointer);
    }

    static bool string_keyword(SchemaNode& node, const std::string& key, const json& value) {
        if (key == "enum") {
            for (const auto& one : value) {
                if (!one.is_null()) node.values.push_back(one.get<std::string>());
            }
        } else if (key == "const") {
            node.values = {value.get<std::string>()};
        } else if (key == "minLength") {
            node.min_length = value.get<std::size_t>();
        } else if (key == "maxLength") {
            node.max_length = value.get<std::size_t>();
        } else if (key == "x-multiline") {
            node.multiline = value.get<bool>();
        } else if (key == "format") {
            node.format = find_json_format(value.get<std::string>());
            if (!node.format) throw std::runtime_error(fmt::format("unknown format {}", value.dump()));
        } else {
            return false;
        }
        return true;
    }

    static bool number_keyword(SchemaNode& node, const std::string& key, const json& value) {
        if (key == "minimum") {
            node.minimum = value.get<double>();
        } else if (key == "maximum") {
            node.maximum = value.get<double>();
        } else {
            return false;
        }
        return true;
    }

    bool array_keyword(SchemaNode& node, const std::string& key, const json& value,
                       const std::string& pointer) {
        if (key == "items") {
            node.items = at(pointer + "/items");
        } else if (key == "minItems") {
            node.min_items = value.get<std::size_t>();
        } else if (key == "maxItems") {
            node.max_items = value.get<std::size_t>();
        } else if (key == "uniqueItems") {
            node.unique = value.get<bool>();
        } else {
            return false;
        }
        return true;
    }

    bool object_keyword(SchemaNode& node, const std::string& key, const json& value,
                        const std::string& pointer) {
        if (key == "properties") {
            if (value.size() > schema_property_limit) throw std::runtime_error("too many properties");
            for (const auto& [name, ignored] : value.items()) {
                node.properties.push_back({name, at(pointer + "/properties/" + escape_pointer(name))});
            }
        } else if (key == "additionalProperties") {
            if (value.is_boolean()) {
                node.open = value.get<bool>();
            } else {
                node.additional = at(pointer + "/additionalProperties");
            }
        } else if (key == "minProperties") {
            node.min_properties = value.get<std::size_t>();
        } else if (key == "maxProperties") {
            node.max_properties = value.get<std::size_t>();
        } else {
            return key == "required";
        }
        return true;
    }

    /// oneOf, told apart by one field whose value is a `const` in every branch.
    bool branch_keyword(SchemaNode& node, const std::string& key, const json& value,
                        const std::string& pointer) {
        if (key == "discriminator") {
            node.discriminator = value.at("propertyName").get<std::string>();
            return true;
        }
        if (key != "oneOf") return false;
        const auto& field = document.at(json::json_pointer(pointer)).at("discriminator").at("propertyName");
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto* branch = at(fmt::format("{}/oneOf/{}", pointer, i));
            const auto property =
                std::ranges::find(branch->properties, field.get<std::string>(), &SchemaProperty::name);
            if (property == branch->properties.end() || property->schema->values.size() != 1) {
                throw std::runtime_error("every branch needs the discriminator as a const");
            }
            node.branches.emplace(property->schema->values.front(), branch);
        }
        return true;
    }

    static void require(SchemaNode& node, const json& source, const std::string& pointer) {
        const auto required = source.find("required");
        if (required == source.end()) return;
        for (const auto& name : *required) {
            const auto property =
                std::ranges::find(node.properties, name.get<std::string>(), &SchemaProperty::name);
            if (property == node.properties.end()) {
                throw std::runtime_error(
                    fmt::format("{}: {} is required but not a property", pointer, name.dump()));
            }
            node.required |= std::uint64_t{1} << (property - node.properties.begin());
        }
    }
};

SchemaSet::SchemaSet(std::string_view document) : compiler_(std::make_unique<Compiler>()) {
    compiler_->document = json::parse(document, nullptr, false);
    if (compiler_->document.is_discarded()) throw std::runtime_error("the schema document is no JSON");
}

SchemaSet::~SchemaSet() = default;

const Schema& SchemaSet::at(std::string_view pointer) { return *compiler_->at(std::string(pointer)); }

}  // namespace pic
