// What the HTTP layer needs of the rest of the daemon, each as small as it can be, so that the server is
// tested against doubles and the core does not know HTTP. Callbacks may be called on any thread, and at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::http {

/// Tells who asks, and what the cell is called.
class Gatekeeper {
  public:
    virtual ~Gatekeeper() = default;
    /// Before the cell is claimed nothing but set-up answers.
    [[nodiscard]] virtual bool claimed() const = 0;
    /// `bearer`: "pic_<id>_<secret>"; `remote`: where it came from. Empty: unknown, expired, revoked, or not
    /// to be used from there.
    [[nodiscard]] virtual PrincipalPtr by_bearer(std::string_view bearer, std::string_view remote) = 0;
    /// `cookie`: the value of the session cookie.
    [[nodiscard]] virtual PrincipalPtr by_cookie(std::string_view cookie) = 0;
    /// The operator at the other end of the unix socket, by the socket's descriptor. Empty: somebody else.
    [[nodiscard]] virtual PrincipalPtr by_socket(int descriptor) = 0;
    /// Is it this principal's own? `what`: x-own of the operation in the singular, `id` its path parameter.
    [[nodiscard]] virtual bool owns(const Principal& principal, std::string_view what, std::string_view id) {
        (void)principal, (void)what, (void)id;
        return false;
    }
    /// Is what this principal came in with still good? Asked for an open websocket every limits.stream_check.
    [[nodiscard]] virtual bool still_valid(const Principal& principal) = 0;
    [[nodiscard]] virtual const std::string& cookie_name() const = 0;
    [[nodiscard]] virtual bool csrf_matches(std::string_view cookie, std::string_view token) const = 0;
    /// A request was turned away (401, 403, 429): for the access log. `request.principal` is who it was, if
    /// that is known.
    virtual void refused(const Request& request, const Response& response) { (void)request, (void)response; }
    /// A name of the cell, lower case, without the port. Loopback and the host's own addresses need not be
    /// known.
    [[nodiscard]] virtual bool is_cell_name(std::string_view host) const = 0;
};

/// A command or a change-set, decided by the core.
struct CommandCall {
    struct Command {
        std::string type;  ///< "AddPeer"
        std::string data;  ///< JSON object, valid by the command's schema
    };
    std::vector<Command> commands;
    bool is_change_set = false;
    bool own_only = false;  ///< the principal may change their own things alone
    std::string note;
    PrincipalPtr principal;
    std::string source;  ///< the client's address, or "local"
    std::string request_id;
    std::optional<StreamVersion> if_match;
    std::string idempotency_key;    ///< empty: none
    std::string idempotency_scope;  ///< actor, method and path
    Digest body_digest{};           ///< of the body, with a key only
    bool dry_run = false;
    std::optional<std::chrono::seconds> wait;     ///< Prefer: wait
    std::optional<std::uint32_t> confirm_within;  ///< Pic-Confirm-Within: seconds
};

/// All members but `seq` are JSON text as the answer has it, empty where there is nothing to say.
struct CommandAnswer {
    Sequence seq;
    std::optional<StreamVersion> version;
    std::string events;       ///< array
    std::string resource;     ///< object
    std::string resource_id;  ///< plain text, for Location
    std::string resources;    ///< array, of a change-set
    std::string applied;      ///< array, where it was waited for
    std::string artefacts;    ///< array, of a dry run
};

class Commands {
  public:
    virtual ~Commands() = default;
    using Done = std::move_only_function<void(Result<CommandAnswer>)>;
    virtual void submit(CommandCall call, Done done) = 0;
};

struct QueryAnswer {
    Sequence seq;  ///< that the answer reflects
    std::optional<StreamVersion> version;
    std::string body;
    std::string_view content_type = "application/json";  ///< of static storage
};

class Queries {
  public:
    virtual ~Queries() = default;
    using Done = std::move_only_function<void(Result<QueryAnswer>)>;
    /// Which query: request.operation->query. `at`, `limit`, `cursor` and the others are the request's
    /// parameters; the request lives until `done` is called. A query that takes long calls `done` from a
    /// thread of its own.
    virtual void query(const Request& request, Done done) = 0;
};

/// Pages of the log for websockets that catch up.
class EventPages {
  public:
    virtual ~EventPages() = default;
    struct Page {
        std::vector<std::pair<Sequence, std::string>>
            events;  ///< JSON objects, oldest first; empty at the head
    };
    using Done = std::move_only_function<void(Result<Page>)>;
    /// The life of the log: positions of another one mean nothing.
    [[nodiscard]] virtual Epoch epoch() const = 0;
    virtual void read(Sequence after, std::size_t limit, Done done) = 0;
};

}  // namespace pic::http
