// Who came in, who was turned away, and who looked at a secret: what is no decision about the cell and so is
// not in its log, but must not be forgotten either. A table of its own beside the sessions, bounded: the
// oldest entries go.
//
// Written without an fsync an entry: a power cut may cost the last second of it, and a flood of strangers
// costs no disk. For the same reason refusals of strangers are recorded at a bounded rate; how many were left
// out is said in the next entry.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/access/sessions.hpp"
#include "schema/record.hpp"

namespace pic::access {

inline constexpr std::int64_t access_entries_limit = 100'000;
inline constexpr std::int64_t refusals_a_second = 10;

struct AccessEntry {
    std::uint64_t id = 0;  ///< rises
    Timestamp at;
    std::string kind;    ///< signed_in, sign_in_refused, signed_out, session_revoked, confirmed, revealed,
                         ///< master_key_changed, service_operation, refused, token_refused
    std::string actor;   ///< "user:alice"; of a stranger who signs in, the name that was given; else empty
    std::string source;  ///< address, "local"
    std::string request_id;
    std::string detail;  ///< which secret, which scope was missing, why
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("at", s.at), field("kind", s.kind),
                          field("actor", s.actor), field("source", s.source),
                          field("request_id", s.request_id), field("detail", s.detail));
    }
};

/// When a token was used last, and from where.
struct TokenUse {
    Timestamp at;
    std::string source;
};
inline constexpr std::int64_t token_use_touch_ms = 60 * 1000;  ///< between writes of one token's use

class AccessLog {
  public:
    /// `file` is "<data>/access-log.db", created with mode 0600.
    [[nodiscard]] static std::expected<std::unique_ptr<AccessLog>, OpenError> open(
        const std::filesystem::path& file);
    ~AccessLog();
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    /// Any thread. An entry that cannot be written is lost, and the daemon's own log says so: nobody is kept
    /// out for it.
    void record(AccessEntry entry);
    /// The same, at a bounded rate: for what strangers cause.
    void record_refusal(AccessEntry entry);

    /// A token was let in. Kept in memory, and on the disk at most once a minute or where the source is
    /// another.
    void used(const Uuid& token, Timestamp now, std::string_view source);
    [[nodiscard]] std::optional<TokenUse> last_use(const Uuid& token) const;

    struct Filter {
        std::string kind, actor, source, request_id;  ///< empty: any
        std::optional<Timestamp> since, until;
    };
    /// Newest first, older than `before` (0: from the newest on).
    [[nodiscard]] std::vector<AccessEntry> read(std::uint64_t before, std::size_t limit,
                                                const Filter& filter) const;
    /// Oldest first, newer than `after`.
    [[nodiscard]] std::vector<AccessEntry> read_forward(std::uint64_t after, std::size_t limit,
                                                        const Filter& filter) const;

  private:
    struct State;
    explicit AccessLog(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace pic::access
