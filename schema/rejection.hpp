// A refusal is a value, not an exception: the caller asked for something the rules do not allow, and wants to
// know which rule and where. Codes are stable and documented in schema/rejections.json, which also holds each
// code's HTTP status and title, so that the domain never speaks of HTTP. Exceptions are left for broken
// machinery.
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace pic {

/// One thing wrong with the input, at an RFC 6901 JSON pointer ("" is the whole document).
struct FieldError {
    std::string pointer;
    std::string detail;
    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// Why a command or a query was refused.
struct Rejection {
    std::string code;    ///< stable, snake_case, listed in schema/rejections.json
    std::string detail;  ///< one sentence that a person understands
    std::vector<FieldError> errors = {};
    friend bool operator==(const Rejection&, const Rejection&) = default;
};

template <class T>
using Result = std::expected<T, Rejection>;

/// `return reject("name_taken", "...")` from any function that returns a Result.
[[nodiscard]] inline std::unexpected<Rejection> reject(std::string code, std::string detail,
                                                       std::vector<FieldError> errors = {}) {
    return std::unexpected(Rejection{std::move(code), std::move(detail), std::move(errors)});
}

/// With one field to blame, whose error says the same.
[[nodiscard]] inline std::unexpected<Rejection> reject_at(std::string code, std::string pointer,
                                                          std::string detail) {
    return reject(std::move(code), detail, {{std::move(pointer), detail}});
}

/// What a field holds breaks a rule of its own.
[[nodiscard]] inline std::unexpected<Rejection> invalid_field(std::string pointer, std::string detail) {
    return reject_at("invalid_field", std::move(pointer), std::move(detail));
}

}  // namespace pic
