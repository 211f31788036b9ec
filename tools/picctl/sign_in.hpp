// Sign-ins to cells on the network, kept between runs: $XDG_CONFIG_HOME/pic/sign-ins.json (else ~/.config),
// mode 0600, one entry a URL. On the host itself none is needed, the unix socket knows who asks.
#pragma once

#include <optional>
#include <string>

namespace pic::cli {

/// Either a bearer token, or a session's cookie with its CSRF token.
struct SignIn {
    std::string token = {};
    std::string cookie = {};  ///< "name=value"
    std::string csrf_token = {};
};

/// PIC_TOKEN, else what is stored for `url`.
std::optional<SignIn> find_sign_in(const std::string& url);
void store_sign_in(const std::string& url, const SignIn& sign_in);
/// Nothing happens where there is none.
void forget_sign_in(const std::string& url);

}  // namespace pic::cli
