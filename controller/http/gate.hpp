// The one way in. Every request, websocket upgrades included, passes the same checks in the same order before
// a handler sees it, so there is no unguarded side door to forget: known host, known route, claimed cell, who
// asks, own origin, CSRF token, scope, media type; then, with the body, parameters and schema. Pure of
// sockets.
#pragma once

#include <optional>

#include "controller/http/api.hpp"
#include "controller/http/hosts.hpp"
#include "controller/http/ports.hpp"
#include "controller/http/router.hpp"
#include "controller/http/static_files.hpp"

namespace pic::http {

class Gate {
  public:
    /// `passes_on`: whether there is a files service behind /dav/.
    Gate(const Router& router, Gatekeeper& gatekeeper, Hosts hosts, StaticFiles files,
         bool passes_on = false);
    ~Gate();

    /// With the header alone. An answer (a refusal, a static file) ends the request; otherwise operation,
    /// parameters and principal are set. `local`: who is at the other end of the unix socket, if that is
    /// where it came from.
    [[nodiscard]] std::optional<Response> admit(Request& request, const PrincipalPtr& local);

    /// Admitted, and the files service's to answer.
    [[nodiscard]] bool is_passed_on(const Request& request) const { return request.operation == &to_files_; }

    /// With the body. An answer refuses it.
    [[nodiscard]] std::optional<Response> check(Request& request);

  private:
    [[nodiscard]] std::optional<Response> route(Request& request);
    [[nodiscard]] Result<PrincipalPtr> identify(const Request& request, const PrincipalPtr& local) const;
    [[nodiscard]] Result<void> authorize(Request& request, const PrincipalPtr& local) const;
    [[nodiscard]] bool is_own(const Request& request) const;
    [[nodiscard]] static Result<void> check_media_type(const Request& request);
    [[nodiscard]] static Result<void> check_parameters(Request& request);
    [[nodiscard]] Result<void> check_body(Request& request);

    const Router& router_;
    Gatekeeper& gatekeeper_;
    Hosts hosts_;
    StaticFiles files_;
    bool passes_on_;
    Operation to_files_;  ///< stands for all of WebDAV, which OpenAPI cannot describe
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace pic::http
