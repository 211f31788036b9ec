// Who is signed in. access.db holds the sessions outside the log and outside backups: a sign-in is no
// decision about the cell, and a restored backup must not bring old cookies back to life. The cookie carries
// 256 random bits; stored is their SHA-256, so that whoever reads the file can sign in as nobody.
//
// A request is answered from memory: one hash and one look-up. "Last seen" goes to the disk at most once a
// minute, all sessions in one transaction; after a kill -9 a session may look up to a minute older than it
// is, never younger. (Signed cookies without a store were rejected: they cannot be revoked.)
//
// Every function may be called from any thread; times are passed in.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/vault/secret.hpp"
#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::access {

inline constexpr std::int64_t session_idle_ms = 30 * 60 * 1000;           ///< unused for so long: over
inline constexpr std::int64_t session_absolute_ms = 12 * 60 * 60 * 1000;  ///< over, however busy
inline constexpr std::int64_t session_touch_ms = 60 * 1000;               ///< between writes of "last seen"
inline constexpr std::int64_t session_fresh_ms = 5 * 60 * 1000;  ///< a sign-in counts as just now for so long
inline constexpr std::size_t sessions_per_user_limit = 50;       ///< beyond: the one longest unused goes

struct Session {
    Uuid id;             ///< names it in GET /sessions; no secret
    std::string user;    ///< the user's id
    std::string origin;  ///< address and program it was started from, for people; at most 200 bytes are kept
    Timestamp created;
    Timestamp last_seen;
};

struct OpenError {
    enum class Code { damaged, newer_version, io };
    Code code;
    std::string detail;
};

class Sessions {
  public:
    /// `file` is "<data>/access.db", created with mode 0600. Sessions that are over by `now` are forgotten.
    [[nodiscard]] static std::expected<std::unique_ptr<Sessions>, OpenError> open(
        const std::filesystem::path& file, Timestamp now);
    ~Sessions();
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;

    struct Started {
        vault::Secret cookie;  ///< the cookie's value: 43 characters of base64url
        Session session;
    };
    /// On the disk when this returns. Rejection: access_unwritable.
    [[nodiscard]] Result<Started> start(std::string_view user, std::string_view origin, Timestamp now);
    /// A new cookie for the same session, the old one is void at once: after a change of role or password.
    [[nodiscard]] Result<std::optional<Started>> rotate(std::string_view cookie, Timestamp now);

    /// The session of a cookie, which counts as seen now. Nothing: unknown, over or revoked.
    [[nodiscard]] std::optional<Session> find(std::string_view cookie, Timestamp now);
    /// Is it still alive? For a websocket, which asks every second; does not count as seen.
    [[nodiscard]] bool alive(const Uuid& id, Timestamp now) const;

    /// Whether its owner has proved who they are just now: by signing in, or again by confirm(). Not kept
    /// over a restart.
    [[nodiscard]] bool is_fresh(const Uuid& id, Timestamp now) const;
    void confirm(const Uuid& id, Timestamp now);
    /// Takes a time step of a user's second factor. False: it, or a later one, was taken before. On the disk
    /// when this returns. Rejection: access_unwritable.
    [[nodiscard]] Result<bool> use_step(std::string_view user, std::int64_t step);
    [[nodiscard]] bool belongs_to(const Uuid& id, std::string_view user) const;

    /// Newest first; all users' where `user` is empty.
    [[nodiscard]] std::vector<Session> list(std::string_view user, Timestamp now) const;
    /// True: it was alive. Over for good when this returns, a kill -9 included. Rejection: access_unwritable
    /// (revoked in memory all the same).
    [[nodiscard]] Result<bool> revoke(const Uuid& id);
    /// All of a user's, but for `spared`.
    [[nodiscard]] Result<std::size_t> revoke_user(std::string_view user,
                                                  const std::optional<Uuid>& spared = std::nullopt);

    /// Writes what "last seen" is pending, forgets what is over. For a graceful stop; find() does it in
    /// passing.
    void flush(Timestamp now);

  private:
    struct State;
    explicit Sessions(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pic::access
