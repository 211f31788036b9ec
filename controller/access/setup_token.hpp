// The one-time token that lets the first person claim the cell. It is printed on the console and lies in
// <data>/setup-token, mode 0600, until used: whoever can read that file owns the machine anyway. Whether the
// cell is claimed is the log's word, not this file's: a claimed cell never makes a token again.
#pragma once

#include <atomic>
#include <expected>
#include <filesystem>
#include <memory>
#include <string_view>

#include "controller/vault/private_file.hpp"
#include "controller/vault/secret.hpp"

namespace pic::access {

class SetupToken {
  public:
    /// For an unclaimed cell: reads the file, or makes it (192 random bits, base64url).
    [[nodiscard]] static std::expected<SetupToken, vault::FileError> open(const std::filesystem::path& file);

    /// For the console.
    [[nodiscard]] const vault::Secret& text() const { return text_; }
    /// In constant time; never after consume(). From any thread.
    [[nodiscard]] bool matches(std::string_view candidate) const;
    /// The cell is claimed: void at once, the file removed.
    [[nodiscard]] std::expected<void, vault::FileError> consume();

  private:
    SetupToken(std::filesystem::path file, vault::Secret text);
    std::filesystem::path file_;
    vault::Secret text_;
    std::unique_ptr<std::atomic<bool>> used_;
};

/// A claimed cell has no set-up token: removes what a crash between claim and removal left. At start.
[[nodiscard]] std::expected<void, vault::FileError> remove_setup_token(const std::filesystem::path& file);

}  // namespace pic::access
