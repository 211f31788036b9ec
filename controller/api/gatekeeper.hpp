// Who asks, as the HTTP layer wants to know it: sessions, tokens and the local socket, joined to the users
// that the log knows. Runs on the server's thread for every request, so it is look-ups in memory and no more.
#pragma once

#include "controller/access/access_log.hpp"
#include "controller/access/installation.hpp"
#include "controller/access/sessions.hpp"
#include "controller/access/tokens.hpp"
#include "controller/core/cell.hpp"
#include "controller/http/ports.hpp"
#include "projections/accounts/accounts.hpp"

namespace pic::api {

class CellGatekeeper final : public http::Gatekeeper {
  public:
    CellGatekeeper(core::Cell& cell, access::Sessions& sessions, access::TokenTable& tokens,
                   access::AccessLog& access_log, const access::Installation& installation)
        : cell_(cell),
          sessions_(sessions),
          tokens_(tokens),
          access_log_(access_log),
          installation_(installation) {}

    [[nodiscard]] bool claimed() const override;
    [[nodiscard]] http::PrincipalPtr by_bearer(std::string_view bearer, std::string_view remote) override;
    void refused(const http::Request& request, const http::Response& response) override;
    [[nodiscard]] http::PrincipalPtr by_cookie(std::string_view cookie) override;
    [[nodiscard]] http::PrincipalPtr by_socket(int descriptor) override;
    [[nodiscard]] bool owns(const http::Principal& principal, std::string_view what,
                            std::string_view id) override;
    [[nodiscard]] bool still_valid(const http::Principal& principal) override;
    [[nodiscard]] const std::string& cookie_name() const override { return installation_.cookie_name(); }
    [[nodiscard]] bool csrf_matches(std::string_view cookie, std::string_view token) const override;
    [[nodiscard]] bool is_cell_name(std::string_view host) const override;

  private:
    core::Cell& cell_;
    access::Sessions& sessions_;
    access::TokenTable& tokens_;
    access::AccessLog& access_log_;
    const access::Installation& installation_;
    // The principal made last: the next request of a busy client is most often the same one's.
    std::shared_ptr<const access::Token> last_token_;
    http::PrincipalPtr last_principal_;
};

/// What a role may do.
[[nodiscard]] access::Scopes scopes_of(accounts::Role role);

}  // namespace pic::api
