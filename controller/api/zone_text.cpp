#include "controller/api/zone_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace pic::api {
namespace {

struct Token {
    std::string text;
    bool quoted = false;
};

struct Line {
    std::size_t number = 0;
    bool continues_owner = false;  ///< begins with blank space: the owner is the one before
    std::vector<Token> tokens;
};

std::string upper(std::string text) {
    for (auto& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::string lower(std::string text) {
    for (auto& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Splits into logical lines: parentheses join, semicolons comment, quotes keep.
class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    /// Nothing: unbalanced quotes or parentheses; number() is then where.
    std::optional<std::vector<Line>> lines() {
        while (at_ < text_.size()) {
            if (!step()) return std::nullopt;
        }
        end_line();
        if (depth_ != 0) return std::nullopt;
        return std::move(lines_);
    }
    [[nodiscard]] std::size_t number() const { return number_; }

  private:
    bool step() {
        const char c = text_[at_++];
        if (c == '\n') {
            if (depth_ == 0) end_line();
            ++number_;
        } else if (c == ';') {
            while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        } else if (c == '(' || c == ')') {
            depth_ += c == '(' ? 1 : -1;
            return depth_ >= 0 && depth_ <= 1;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            if (!started_ && depth_ == 0) line_.continues_owner = true;
        } else if (c == '"') {
            return quoted();
        } else {
            --at_;
            word();
        }
        started_ = started_ || (c != '\n' && c != '\r');
        return true;
    }

    /// RFC 1035 5.1: \DDD is the byte of that number, \X is X.
    void escape(std::string& out) {
        if (at_ + 2 < text_.size() && is_digit(text_[at_]) && is_digit(text_[at_ + 1]) &&
            is_digit(text_[at_ + 2])) {
            const int value = (text_[at_] - '0') * 100 + (text_[at_ + 1] - '0') * 10 + (text_[at_ + 2] - '0');
            out += static_cast<char>(value);
            at_ += 3;
        } else if (at_ < text_.size()) {
            out += text_[at_++];
        }
    }

    bool quoted() {
        Token token{{}, true};
        while (at_ < text_.size() && text_[at_] != '"') {
            const char c = text_[at_++];
            if (c == '\n') return false;
            if (c == '\\') {
                escape(token.text);
            } else {
                token.text += c;
            }
        }
        if (at_ == text_.size()) return false;
        ++at_;
        started_ = true;
        push(std::move(token));
        return true;
    }

    void word() {
        Token token;
        constexpr std::string_view ends = " \t\r\n;()\"";
        while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos) {
            const char c = text_[at_++];
            if (c == '\\') {
                escape(token.text);
            } else {
                token.text += c;
            }
        }
        push(std::move(token));
    }

    void push(Token token) {
        if (line_.tokens.empty()) line_.number = number_;
        line_.tokens.push_back(std::move(token));
    }

    void end_line() {
        if (!line_.tokens.empty()) lines_.push_back(std::move(line_));
        line_ = Line{};
        started_ = false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t number_ = 1;
    int depth_ = 0;
    bool started_ = false;
    Line line_;
    std::vector<Line> lines_;
};

/// Seconds, also as 1h30m (BIND's spelling).
std::optional<std::uint32_t> parse_ttl(std::string_view text) {
    std::uint64_t total = 0;
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    while (!text.empty()) {
        std::uint32_t part = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        if (error != std::errc()) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::uint64_t unit = 1;
        if (!text.empty()) {
            constexpr std::string_view letters = "smhdw";
            constexpr std::array<std::uint64_t, 5> units = {1, 60, 3600, 86400, 604800};
            const auto letter = letters.find(lower(std::string(1, text.front())));
            if (letter == std::string_view::npos) return std::nullopt;
            unit = units[letter];
            text.remove_prefix(1);
        }
        total += part * unit;
    }
    if (total > 0x7fffffff) return std::nullopt;
    return static_cast<std::uint32_t>(total);
}

class Reader {
  public:
    explicit Reader(std::string_view zone) : zone_(lower(std::string(zone))), origin_(zone_) {}

    std::vector<FieldError> errors;
    std::vector<ZoneRecord> records;

    void read(const Line& line) {
        const auto& first = line.tokens.front();
        if (!first.quoted && first.text.starts_with('$')) return directive(line);
        std::size_t at = 0;
        if (!line.continues_owner) owner_ = absolute(line.tokens[at++].text);
        std::optional<std::uint32_t> ttl = ttl_;
        for (; at < line.tokens.size(); ++at) {
            const auto word = upper(line.tokens[at].text);
            if (word == "IN") continue;
            const auto given = parse_ttl(line.tokens[at].text);
            if (!given) break;
            ttl = given;
        }
        if (owner_.empty() || at >= line.tokens.size()) return fail(line, "is not a record");
        const auto type = upper(line.tokens[at].text);
        const std::vector<Token> data(line.tokens.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                      line.tokens.end());
        add(line, type, data, ttl);
    }

    void fail(const Line& line, std::string why) {
        if (errors.size() < 32) errors.push_back({fmt::format("line {}", line.number), std::move(why)});
    }

  private:
    void directive(const Line& line) {
        const auto word = upper(line.tokens.front().text);
        if (line.tokens.size() < 2) return fail(line, "is not complete");
        const auto& value = line.tokens[1].text;
        if (word == "$ORIGIN") {
            origin_ = absolute(value);
        } else if (word == "$TTL" && parse_ttl(value)) {
            ttl_ = parse_ttl(value);
        } else {
            fail(line, fmt::format("{} is not taken", word));
        }
    }

    /// Lower case, without the last dot.
    [[nodiscard]] std::string absolute(const std::string& name) const {
        if (name == "@") return origin_;
        auto text = lower(name);
        if (text.ends_with('.')) {
            text.pop_back();
            return text;
        }
        return text + "." + origin_;
    }

    [[nodiscard]] std::optional<std::string> relative(const std::string& name) const {
        if (name == zone_) return "@";
        if (!name.ends_with("." + zone_)) return std::nullopt;
        return name.substr(0, name.size() - zone_.size() - 1);
    }

    /// A host in a value, absolute.
    [[nodiscard]] std::string host(const Token& token) const {
        return token.text == "." ? "." : absolute(token.text) + ".";
    }

    void add(const Line& line, const std::string& type, const std::vector<Token>& data,
             std::optional<std::uint32_t> ttl) {
        const auto name = relative(owner_);
        if (type == "SOA" || (type == "NS" && name == "@")) return;
        if (!name) return fail(line, fmt::format("{} is not within {}", owner_, zone_));
        std::string value;
        const auto wants = [&](std::size_t count) { return data.size() == count; };
        if ((type == "A" || type == "AAAA") && wants(1)) {
            value = data[0].text;
        } else if ((type == "CNAME" || type == "PTR") && wants(1)) {
            value = host(data[0]);
        } else if (type == "MX" && wants(2)) {
            value = data[0].text + " " + host(data[1]);
        } else if (type == "SRV" && wants(4)) {
            value = fmt::format("{} {} {} {}", data[0].text, data[1].text, data[2].text, host(data[3]));
        } else if (type == "CAA" && wants(3)) {
            value = fmt::format("{} {} \"{}\"", data[0].text, data[1].text, data[2].text);
        } else if (type == "TXT" && !data.empty()) {
            for (const auto& part : data) value += part.text;
        } else {
            return fail(line,
                        fmt::format("{} is not a type that is taken, or its data is not complete", type));
        }
        records.push_back({line.number, *name, type, std::move(value), ttl});
    }

    std::string zone_, origin_, owner_;
    std::optional<std::uint32_t> ttl_;
};

}  // namespace

Result<std::vector<ZoneRecord>> parse_zone(std::string_view text, std::string_view origin) {
    Lexer lexer(text);
    const auto lines = lexer.lines();
    if (!lines) {
        const auto where = fmt::format("line {}", lexer.number());
        return reject("invalid_field", where + ": quotes or parentheses do not match.",
                      {{where, "quotes or parentheses do not match"}});
    }
    Reader reader(origin);
    for (const auto& line : *lines) reader.read(line);
    if (reader.records.size() > zone_records_limit) {
        return reject("invalid_field",
                      fmt::format("More than {} records; import them in parts.", zone_records_limit));
    }
    if (reader.errors.empty()) return std::move(reader.records);
    const auto& first = reader.errors.front();
    auto detail = fmt::format("{}: {}.", first.pointer, first.detail);
    return reject("invalid_field", std::move(detail), std::move(reader.errors));
}

}  // namespace pic::api
