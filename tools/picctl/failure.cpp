#include "tools/picctl/failure.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pic::cli {

ExitCode exit_code_for(int http_status) {
    switch (http_status) {
        case 401:
        case 403:
        case 421:
            return ExitCode::forbidden;
        case 404:
        case 405:
            return ExitCode::not_found;
        case 409:
        case 412:
            return ExitCode::conflict;
        case 429:
            return ExitCode::unavailable;
        case 501:
            return ExitCode::refused;
        default:
            return http_status >= 500 ? ExitCode::unavailable : ExitCode::refused;
    }
}

Failure::Failure(ExitCode code, Rejection problem, std::string body)
    : std::runtime_error(problem.detail), code_(code), problem_(std::move(problem)), body_(std::move(body)) {}

std::string Failure::text() const {
    std::string text = what();
    if (!problem_.code.empty()) text += fmt::format(" [{}]", problem_.code);
    for (const auto& error : problem_.errors)
        text +=
            fmt::format("\n  {}: {}", error.pointer.empty() ? "(the whole)" : error.pointer, error.detail);
    return text;
}

std::string Failure::json() const {
    if (!body_.empty()) return body_;
    return nlohmann::json{{"title", "picctl"}, {"detail", what()}, {"exit_code", static_cast<int>(code_)}}
        .dump();
}

}  // namespace pic::cli
