// What makes this installation itself and no other: 32 random bytes in <data>/installation.key, mode 0600,
// which no backup carries. The cookie's name and the CSRF tokens are keyed hashes under it, so they survive a
// restart, need no store, and two cells on one host (a restored clone included) never share a cookie.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

#include "controller/vault/private_file.hpp"
#include "controller/vault/secret.hpp"

namespace pic::access {

class Installation {
  public:
    /// Reads `<data>/installation.key`, or makes it where there is none.
    [[nodiscard]] static std::expected<Installation, vault::FileError> open(
        const std::filesystem::path& file);

    /// "pic_sess_<8 hex>"; under TLS the caller puts "__Host-" before it.
    [[nodiscard]] const std::string& cookie_name() const { return cookie_name_; }
    /// 43 characters of base64url that go with this session cookie's value and no other.
    [[nodiscard]] std::string csrf_token(std::string_view cookie_value) const;
    /// In constant time.
    [[nodiscard]] bool csrf_matches(std::string_view cookie_value, std::string_view token) const;

  private:
    explicit Installation(vault::Secret key);
    vault::Secret key_;
    std::string cookie_name_;
};

}  // namespace pic::access
