#include "schema/record.hpp"

#include <fmt/format.h>

#include <charconv>

#include "schema/plain_text.hpp"

namespace pic {
namespace {

/// RFC 6901: ~ and / within a name.
void append_pointer(std::string& out, const JsonPath& path) {
    if (path.parent == nullptr) return;
    append_pointer(out, *path.parent);
    out += '/';
    if (path.is_index) {
        out += std::to_string(path.index);
        return;
    }
    for (const char c : path.key) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
}

template <class T>
void append_number(std::string& out, T value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace

std::string JsonPath::pointer() const {
    std::string out;
    append_pointer(out, *this);
    return out;
}

void write_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t clean = 0;
    for (std::size_t i = 0; (i = find_not_plain(text, i)) < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, clean, i - clean);
        clean = i + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\t':
                out += "\\t";
                break;
            case '\r':
                out += "\\r";
                break;
            default:
                out += fmt::format("\\u{:04x}", c);
        }
    }
    out.append(text, clean, text.size() - clean);
    out += '"';
}

void write_json_number(std::string& out, std::uint64_t value) { append_number(out, value); }
void write_json_number(std::string& out, std::int64_t value) { append_number(out, value); }

void write_json_name(std::string& out, std::string_view name) {
    constexpr std::string_view between = ",\"", after = "\":";
    out += between.substr(out.back() == '{' ? 1 : 0);
    out += name;
    out += after;
}

void add_error(FieldErrors& errors, const JsonPath& at, std::string detail) {
    constexpr std::size_t enough = 64;  // nobody reads more, and a hostile body could ask for thousands
    if (errors.size() < enough) errors.push_back({at.pointer(), std::move(detail)});
}

std::optional<SecretRef> parse_secret_ref(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    SecretRef ref{std::string(text.substr(0, at)), 0};
    const auto digits = text.substr(at + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ref.version);
    if (error != std::errc{} || end != digits.data() + digits.size() || ref.version == 0) return std::nullopt;
    return ref;
}

namespace record_detail {

std::optional<simdjson::dom::element> Members::find(std::string_view name) {
    if (next_ != object_.end() && next_.key() == name) {
        const auto found = next_.value();
        ++next_;
        return found;
    }
    for (auto member = object_.begin(); member != object_.end(); ++member) {
        if (member.key() != name) continue;
        const auto found = member.value();
        next_ = ++member;
        return found;
    }
    return std::nullopt;
}

bool read_text(simdjson::dom::element json, std::string_view& text, const JsonPath& at, FieldErrors& errors) {
    if (json.get(text) == simdjson::SUCCESS) return true;
    add_error(errors, at, "must be text");
    return false;
}

bool read_unsigned(simdjson::dom::element json, std::uint64_t most, std::uint64_t& value, const JsonPath& at,
                   FieldErrors& errors) {
    std::uint64_t wide = 0;
    if (json.get(wide) != simdjson::SUCCESS || wide > most) {
        add_error(errors, at, fmt::format("must be a whole number from 0 to {}", most));
        return false;
    }
    value = wide;
    return true;
}

bool read_signed(simdjson::dom::element json, std::int64_t& value, const JsonPath& at, FieldErrors& errors) {
    if (json.get(value) == simdjson::SUCCESS) return true;
    add_error(errors, at, "must be a whole number");
    return false;
}

}  // namespace record_detail
}  // namespace pic
