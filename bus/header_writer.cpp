#include "bus/header_writer.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>

namespace pic::bus {
namespace {

void escape(std::string& out, char byte) {
    switch (byte) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        default:
            if (static_cast<unsigned char>(byte) < 0x20) {
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(byte));
            } else {
                out += byte;
            }
    }
}

std::string ascii_only(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(out, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }, '?');
    return out;
}

}  // namespace

HeaderWriter& HeaderWriter::field(std::string_view key, std::string_view value) {
    name(key);
    quoted(value);
    return *this;
}

HeaderWriter& HeaderWriter::field(std::string_view key, std::uint64_t value) {
    name(key);
    fmt::format_to(std::back_inserter(json_), "{}", value);
    return *this;
}

HeaderWriter& HeaderWriter::field(std::string_view key, bool value) {
    name(key);
    json_ += value ? "true" : "false";
    return *this;
}

HeaderWriter& HeaderWriter::field(std::string_view key, const std::vector<std::string>& values) {
    name(key);
    json_ += '[';
    for (const auto& value : values) {
        if (json_.back() != '[') json_ += ',';
        quoted(value);
    }
    json_ += ']';
    return *this;
}

HeaderWriter& HeaderWriter::field(std::string_view key, const Position& value) {
    name(key);
    fmt::format_to(std::back_inserter(json_), R"({{"cell":"{}","epoch":{},"sequence":{}}})",
                   to_string(value.cell), value.epoch.value, value.sequence.value);
    return *this;
}

std::string HeaderWriter::finish() && {
    json_ += '}';
    return std::move(json_);
}

void HeaderWriter::name(std::string_view key) {
    if (json_.size() > 1) json_ += ',';
    json_ += '"';
    json_ += key;
    json_ += "\":";
}

void HeaderWriter::quoted(std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        quoted(ascii_only(text));
        return;
    }
    json_ += '"';
    for (const char byte : text) escape(json_, byte);
    json_ += '"';
}

}  // namespace pic::bus
