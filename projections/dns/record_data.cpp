#include "projections/dns/record_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pic::dns {
namespace {

constexpr std::size_t string_limit = 255;  ///< bytes of one <character-string>
constexpr std::size_t tag_limit = 15;      ///< RFC 8659 4.1 asks for no more

std::unexpected<std::string> wrong(std::string why) { return std::unexpected(std::move(why)); }

/// Cuts the next word off `text`, which has its words separated by spaces.
std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::optional<unsigned> number(std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > most)
        return std::nullopt;
    return value;
}

Parsed<std::string> fqdn(std::string_view text, bool underscores) {
    if (underscores && text.find('_') != std::string_view::npos) {
        auto name = RecordName::parse(text);
        if (!name) return wrong(name.error());
        if (name->text.starts_with('*')) return wrong("a wildcard is no host");
        return name->text;
    }
    auto name = Hostname::parse(text);
    if (!name) return wrong(name.error());
    return name->text;
}

/// The canonical spelling of a host as the header has it.
Parsed<std::string> host(std::string_view text, bool underscores) {
    if (text == "@") return std::string(text);
    const bool dotted = text.ends_with('.');
    if (dotted) text.remove_suffix(1);
    if (text.find('.') != std::string_view::npos) return fqdn(text, underscores);
    if (const auto label = Label::parse(text); label && !dotted) return label->text;
    auto name = fqdn(text, underscores);
    if (name && dotted) *name += '.';
    return name;
}

/// A canonical host as a master file has it.
std::string zone_host(std::string_view text) {
    const bool absolute = text.find('.') != std::string_view::npos && !text.ends_with('.');
    return std::string(text) + (absolute ? "." : "");
}

/// `count` numbers and a host.
Parsed<std::string> numbers_and_host(std::string_view text, int count, const char* example,
                                     bool may_be_none) {
    std::string out;
    for (int i = 0; i < count; ++i) {
        const auto value = number(next_word(text), 65535);
        if (!value) return wrong(fmt::format("the value looks like {}", example));
        out += fmt::format("{} ", *value);
    }
    const auto target = next_word(text);
    if (target.empty() || !next_word(text).empty())
        return wrong(fmt::format("the value looks like {}", example));
    if (may_be_none && target == ".") return out + ".";
    auto name = host(target, false);
    if (!name) return wrong(fmt::format("the value looks like {}: {}", example, name.error()));
    return out + *name;
}

struct Caa {
    unsigned flags = 0;
    std::string tag, value;
};

/// The inverse of escape(): `text` with its quotes, or a bare word.
std::optional<std::string> unquote(std::string_view text) {
    if (!text.starts_with('"')) {
        if (text.find_first_of(" \"\\") != std::string_view::npos) return std::nullopt;
        return std::string(text);
    }
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
        if (text[i] == '\\') ++i;
        if (i == text.size()) return std::nullopt;
        out += text[i];
    }
    return std::nullopt;
}

Parsed<Caa> parse_caa(std::string_view text) {
    constexpr auto example = R"(a CAA looks like 0 issue "letsencrypt.org")";
    const auto flags = number(next_word(text), 255);
    const auto tag = next_word(text);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    while (text.ends_with(' ')) text.remove_suffix(1);
    const auto value = unquote(text);
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    if (!flags || tag.empty() || tag.size() > tag_limit || !std::ranges::all_of(tag, fits) || text.empty() ||
        !value) {
        return wrong(example);
    }
    if (value->size() > string_limit)
        return wrong(fmt::format("the value of a CAA has at most {} bytes", string_limit));
    Caa caa{*flags, std::string(tag), *value};
    std::ranges::transform(caa.tag, caa.tag.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return caa;
}

std::string escape(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

template <class Scalar>
Parsed<std::string> by_scalar(std::string_view text) {
    auto parsed = Scalar::parse(text);
    if (!parsed) return wrong(parsed.error());
    return to_string(*parsed);
}

Parsed<std::string> spelled(RecordType type, std::string_view text) {
    switch (type) {
        case RecordType::a:
            return by_scalar<Ipv4>(text);
        case RecordType::aaaa:
            return by_scalar<Ipv6>(text);
        case RecordType::cname:
        case RecordType::ptr:
            return host(text, true);
        case RecordType::mx:
            return numbers_and_host(text, 1, "10 mail.example.org", true);
        case RecordType::srv:
            return numbers_and_host(text, 3, "10 5 5060 sip.example.org", true);
        case RecordType::caa: {
            const auto caa = parse_caa(text);
            if (!caa) return wrong(caa.error());
            return fmt::format("{} {} {}", caa->flags, caa->tag, escape(caa->value));
        }
        case RecordType::txt:
            return std::string(text);
    }
    return wrong("this type of record is not known");
}

}  // namespace

Parsed<OwnerName> OwnerName::parse(std::string_view text) {
    if (const auto four = Ipv4::parse(text)) return OwnerName{to_string(*four)};
    if (text.find(':') != std::string_view::npos) {
        const auto six = Ipv6::parse(text);
        if (!six) return wrong(six.error());
        return OwnerName{to_string(*six)};
    }
    auto name = RecordName::parse(text);
    if (!name) return wrong(name.error());
    if (name->text.size() > owner_limit)
        return wrong(fmt::format("the name of a record has at most {} characters", owner_limit));
    return OwnerName{std::move(name->text)};
}

std::optional<Ipv4> OwnerName::ipv4() const {
    const auto parsed = Ipv4::parse(text);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<Ipv6> OwnerName::ipv6() const {
    const auto parsed = Ipv6::parse(text);
    return parsed ? std::optional(*parsed) : std::nullopt;
}

Parsed<RecordValue> RecordValue::parse(std::string_view text) {
    if (text.empty() || text.size() > value_limit)
        return wrong(fmt::format("the value of a record has 1 to {} bytes", value_limit));
    if (!is_clean_text(text)) return wrong("the value must be one line without control characters");
    return RecordValue{std::string(text)};
}

std::string to_string(const OwnerName& v) { return v.text; }
std::string to_string(const RecordValue& v) { return v.text; }

Parsed<RecordValue> canonical(RecordType type, std::string_view text) {
    auto spelling = spelled(type, text);
    if (!spelling) return wrong(std::move(spelling.error()));
    return RecordValue::parse(*spelling);
}

namespace {

bool is_printable(char c) { return c >= 0x20 && c < 0x7f; }

/// How many characters there are before the first that a quoted string has to escape.
std::size_t plain_prefix(std::string_view text) {
    const auto end =
        std::ranges::find_if(text, [](char c) { return !is_printable(c) || c == '"' || c == '\\'; });
    return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::string quoted_text(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / string_limit * 3 + 2);
    for (std::size_t start = 0; start < text.size() || start == 0; start += string_limit) {
        out += start == 0 ? "\"" : " \"";
        auto rest = text.substr(start, string_limit);
        while (true) {
            const auto plain = plain_prefix(rest);
            out += rest.substr(0, plain);
            if (plain == rest.size()) break;
            const char c = rest[plain];
            out += is_printable(c) ? fmt::format("\\{}", c)
                                   : fmt::format("\\{:03}", static_cast<unsigned char>(c));
            rest.remove_prefix(plain + 1);
        }
        out += '"';
    }
    return out;
}

std::optional<std::string> rdata(RecordType type, std::string_view value) {
    const auto spelling = spelled(type, value);
    if (!spelling) return std::nullopt;
    switch (type) {
        case RecordType::a:
        case RecordType::aaaa:
            return *spelling;
        case RecordType::cname:
        case RecordType::ptr:
            return zone_host(*spelling);
        case RecordType::mx:
        case RecordType::srv: {
            const auto target = spelling->rfind(' ') + 1;
            return spelling->substr(0, target) + zone_host(std::string_view(*spelling).substr(target));
        }
        case RecordType::caa: {
            const auto caa = parse_caa(*spelling);
            return fmt::format("{} {} {}", caa->flags, caa->tag, quoted_text(caa->value));
        }
        case RecordType::txt:
            return quoted_text(*spelling);
    }
    return std::nullopt;
}

}  // namespace pic::dns
