#include "controller/access/setup_token.hpp"

#include <algorithm>
#include <utility>

#include "controller/access/random_text.hpp"

namespace pic::access {

using vault::FileError;
using vault::Secret;

namespace {

constexpr std::size_t token_bytes = 24;
constexpr std::size_t setup_token_length = 32;  // of 24 bytes in base64url

/// The file ends in a newline, so that `cat` shows it well.
Secret with_newline(const Secret& text) {
    Secret line(text.size() + 1);
    std::ranges::copy(text.reveal(), line.bytes().begin());
    line.bytes().back() = '\n';
    return line;
}

}  // namespace

SetupToken::SetupToken(std::filesystem::path file, Secret text)
    : file_(std::move(file)), text_(std::move(text)), used_(std::make_unique<std::atomic<bool>>(false)) {}

std::expected<SetupToken, FileError> SetupToken::open(const std::filesystem::path& file) {
    auto content = vault::read_private_file(file);
    if (content && content->size() >= setup_token_length) {
        return SetupToken(file, Secret::copy_of(content->reveal().substr(0, setup_token_length)));
    }
    if (!content && content.error().code != FileError::Code::missing) return std::unexpected(content.error());
    Secret text = random_base64url(token_bytes);
    auto written = vault::write_private_file(file, with_newline(text), vault::IfExists::replace);
    if (!written) return std::unexpected(written.error());
    return SetupToken(file, std::move(text));
}

bool SetupToken::matches(std::string_view candidate) const { return !*used_ && text_.equals(candidate); }

std::expected<void, FileError> SetupToken::consume() {
    *used_ = true;
    return remove_setup_token(file_);
}

std::expected<void, FileError> remove_setup_token(const std::filesystem::path& file) {
    return vault::remove_private_file(file);
}

}  // namespace pic::access
