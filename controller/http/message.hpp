// A request and its answer as a handler sees them: plain data, no Beast and no Asio, so that handlers compile
// quickly and are tested without a socket. The views in a Request point into what the connection received;
// they live until the Responder that came with it is used or dropped, though the connection and the server go
// before.
//
// A handler answers through a Responder instead of returning: the answer to a command comes from the writer's
// thread after the commit. (Coroutines in the handlers' interface were rejected: they would pull Asio into
// every handler and pay a frame for the many answers that are there at once.)
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/access/tokens.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace simdjson::dom {
class element;
}

namespace pic::http {

struct Operation;

enum class Method { get, head, put, post, patch, remove, options, other };
[[nodiscard]] std::string_view to_string(Method method);

/// Who asks. Made by an Authenticator.
struct Principal {
    enum class Kind { session, token, local };
    Kind kind = Kind::session;
    std::string actor;     ///< as the log names it: "user:alice", "token:<id>", "local:root"
    std::string username;  ///< of a session; the owner of a token; the host's user name of a local one
    std::string role;      ///< of a session
    Uuid id;               ///< of the session or the token
    Uuid user;  ///< whose session it is, or who made the token; nil where that is nobody the log knows
    std::string cookie;  ///< of a session, its value: what a CSRF token goes with
    access::Scopes scopes;
};
using PrincipalPtr = std::shared_ptr<const Principal>;

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

struct Request {
    Method method = Method::get;
    std::string_view target;               ///< as received
    std::string_view path;                 ///< of the target, still percent-encoded
    const Operation* operation = nullptr;  ///< what the router found
    Parameters path_parameters;            ///< decoded, by name
    Parameters query_parameters;           ///< decoded, in the order given
    std::string_view body;                 ///< JSON bodies have been validated
    std::filesystem::path body_file;       ///< where a large body lies instead; removed after the answer
    PrincipalPtr principal;                ///< empty for a public call
    bool own_only = false;                 ///< let in as the owner: nothing of others is shown or changed
    std::string request_id;
    std::string remote;      ///< the client's address, or "local"
    bool is_local = false;   ///< came over the unix socket
    bool is_secure = false;  ///< came over TLS, ours or that of a trusted proxy

    /// The value of a header, empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const { return find_header(fields, name); }
    /// Whether it is there at all, if only without a value.
    [[nodiscard]] bool has_header(std::string_view name) const { return header(name).data() != nullptr; }
    /// Empty when there is none; validated values are never empty unless their schema allows it.
    [[nodiscard]] std::string_view path_parameter(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> query_parameter(std::string_view name) const;
    /// A validated whole number.
    [[nodiscard]] std::optional<std::uint64_t> query_number(std::string_view name) const;

    const void* fields = nullptr;
    std::string_view (*find_header)(const void* fields, std::string_view name) =
        [](const void*, std::string_view) { return std::string_view{}; };
};

struct Response {
    int status = 200;
    std::string_view content_type = "application/json";  ///< of static storage
    std::string body;
    std::shared_ptr<const std::string> shared_body;  ///< instead of body, for what many answers share
    std::filesystem::path file;                      ///< instead of body: streamed, then removed
    std::optional<Sequence> seq;                     ///< X-Pic-Seq
    std::optional<StreamVersion> version;            ///< ETag
    std::vector<std::pair<std::string_view, std::string>> headers;  ///< names of static storage
    std::string_view refusal;                                       ///< of a problem, its stable code
    bool recorded = false;                                          ///< the access log has it already
    bool close = false;                                             ///< the connection ends with this answer
};

[[nodiscard]] inline Response json_response(int status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

/// problem+json (RFC 9457) with the status of the rejection's code.
[[nodiscard]] Response problem(const Rejection& rejection, std::string_view request_id = {});

/// What the session's cookie is called: under TLS with the prefix by which a browser holds it to the host and
/// to TLS (RFC 6265bis 4.1.3.2).
[[nodiscard]] inline std::string session_cookie(std::string_view name, bool is_secure) {
    return (is_secure ? "__Host-" : "") + std::string(name);
}

struct Exchange;

/// Answers one request, once, from any thread. Dropped unused it answers 500, so that no client waits for
/// ever.
class Responder {
  public:
    explicit Responder(std::shared_ptr<Exchange> exchange);
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&&) noexcept = default;
    ~Responder();

    void operator()(Response response) &&;
    void operator()(const Rejection& rejection) &&;

  private:
    std::shared_ptr<Exchange> exchange_;
};

}  // namespace pic::http
