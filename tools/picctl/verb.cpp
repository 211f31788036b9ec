#include "tools/picctl/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "tools/picctl/failure.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

std::string option_name(const Field& field) {
    std::string name = "--" + (field.option.empty() ? field.name : field.option);
    std::ranges::replace(name, '_', '-');
    return name;
}

json list_of(const std::string& value) {
    json list = json::array();
    for (std::size_t start = 0; start <= value.size();) {
        const auto comma = std::min(value.find(',', start), value.size());
        if (comma > start) list.push_back(value.substr(start, comma - start));
        start = comma + 1;
    }
    return list;
}

json boolean_of(const Field& field, const std::string& value) {
    if (value == "yes" || value == "true" || value == "on") return true;
    if (value == "no" || value == "false" || value == "off") return false;
    throw Failure(ExitCode::usage, fmt::format("{} is yes or no, not '{}'", field.name, value));
}

json number_of(const Field& field, const std::string& value) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size())
        throw Failure(ExitCode::usage, fmt::format("{} is a number, not '{}'", field.name, value));
    return number;
}

json value_of(const Field& field, const std::string& value) {
    switch (field.kind) {
        case Kind::number:
            return number_of(field, value);
        case Kind::boolean:
            return boolean_of(field, value);
        case Kind::list:
            return list_of(value);
        case Kind::flag:
            return true;
        case Kind::text:
            break;
    }
    return value;
}

std::vector<std::string> names_of(const Fields& fields) {
    std::vector<std::string> names;
    for (const auto& field : fields) names.push_back(field.name);
    return names;
}

}  // namespace

std::string Arguments::text(const std::string& name, const std::string& fallback) const {
    const auto found = given.find(name);
    return found == given.end() || found->second.empty() ? fallback : found->second.front();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
    const auto found = given.find(name);
    return found == given.end() ? std::vector<std::string>{} : found->second;
}

std::vector<Parameter> options_for(const Fields& fields) {
    std::vector<Parameter> options;
    for (const auto& field : fields) {
        options.push_back({.name = option_name(field), .help = field.help, .kind = field.kind});
        if (field.kind == Kind::boolean) options.back().choices = {"yes", "no"};
    }
    return options;
}

std::vector<Parameter> operator+(std::vector<Parameter> first, const std::vector<Parameter>& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

Parameter pairs_of(const Fields& fields) {
    return {.name = "change",
            .help = fmt::format("FIELD VALUE pairs (an empty value clears): {}",
                                fmt::join(names_of(fields), ", ")),
            .required = true,
            .repeats = true};
}

json object_from_options(const Fields& fields, const Arguments& arguments) {
    json object = json::object();
    for (const auto& field : fields)
        if (const auto name = option_name(field); arguments.has(name))
            object[field.name] = value_of(field, arguments.text(name));
    return object;
}

json object_from_pairs(const Fields& fields, const std::vector<std::string>& words) {
    if (words.size() % 2 != 0)
        throw Failure(ExitCode::usage,
                      fmt::format("'{}' has no value: give FIELD VALUE pairs", words.back()));
    json object = json::object();
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const auto field = std::ranges::find(fields, words[i], &Field::name);
        if (field == fields.end())
            throw Failure(ExitCode::usage, fmt::format("no field '{}'; there are: {}", words[i],
                                                       fmt::join(names_of(fields), ", ")));
        object[field->name] = words[i + 1].empty() ? json(nullptr) : value_of(*field, words[i + 1]);
    }
    return object;
}

}  // namespace pic::cli
