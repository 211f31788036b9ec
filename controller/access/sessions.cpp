#include "controller/access/sessions.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "controller/access/random_text.hpp"
#include "controller/sqlite/database.hpp"
#include "schema/sha256.hpp"

namespace pic::access {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;
using vault::Secret;

namespace {

constexpr std::size_t cookie_bytes = 32;
constexpr std::size_t cookie_length = 43;
constexpr std::size_t origin_limit = 200;
constexpr std::int64_t application_id = 0x50494341;  // "PICA"
constexpr std::int64_t format_version = 1;

constexpr const char* create_tables =
    "CREATE TABLE session(cookie_hash BLOB PRIMARY KEY, id BLOB NOT NULL UNIQUE, user TEXT NOT NULL,"
    " origin TEXT NOT NULL, created INTEGER NOT NULL, last_seen INTEGER NOT NULL) STRICT, WITHOUT ROWID";

/// The last time step of each user's second factor that was taken: no code counts twice.
constexpr const char* second_factor_table =
    "CREATE TABLE IF NOT EXISTS second_factor(user TEXT PRIMARY KEY, step INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID";

struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept {
        std::size_t hash = 0;
        std::memcpy(&hash, digest.data(), sizeof hash);
        return hash;
    }
};

struct Entry {
    Session session;
    Timestamp saved;      ///< the "last seen" that is on the disk
    Timestamp confirmed;  ///< when its owner last proved who they are, in this run of the program
};
using Entries = std::unordered_map<Digest, Entry, DigestHash>;

bool is_over(const Session& session, Timestamp now) {
    return now.ms - session.last_seen.ms > session_idle_ms ||
           now.ms - session.created.ms > session_absolute_ms;
}

std::optional<Digest> cookie_hash(std::string_view cookie) {
    if (cookie.size() != cookie_length) return std::nullopt;
    return sha256(cookie);
}

Uuid new_id(Timestamp now) {
    std::array<std::uint8_t, 10> random{};
    randombytes_buf(random.data(), random.size());
    return make_uuid7(now, random);
}

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> exactly(sqlite::Bytes bytes) {
    std::array<std::uint8_t, N> value{};
    if (bytes.size() != N) return std::nullopt;
    std::ranges::copy(bytes, value.begin());
    return value;
}

std::unexpected<OpenError> refuse(OpenError::Code code, std::string detail) {
    return std::unexpected(OpenError{code, std::move(detail)});
}

Database open_database(const std::filesystem::path& file) {
    Database database(file, Database::Mode::create);
    if (database.query_integer("SELECT count(*) FROM sqlite_schema") == 0) {
        Transaction transaction(database);
        database.execute(
            fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", application_id, format_version)
                .c_str());
        database.execute(create_tables);
        transaction.commit();
    }
    return database;
}

/// What is over is forgotten on the way.
Entries load(const Database& database, Timestamp now) {
    Entries entries;
    Statement select =
        database.prepare("SELECT cookie_hash, id, user, origin, created, last_seen FROM session");
    while (select.step()) {
        const auto hash = exactly<32>(select.bytes(0));
        const auto id = exactly<16>(select.bytes(1));
        if (!hash || !id) continue;  // no cookie can ever name such a row
        const Session session{Uuid{*id}, std::string(select.text(2)), std::string(select.text(3)),
                              Timestamp{select.integer(4)}, Timestamp{select.integer(5)}};
        if (!is_over(session, now))
            entries.emplace(*hash, Entry{session, session.last_seen, session.created});
    }
    return entries;
}

}  // namespace

struct Sessions::State {
    State(Database opened, Entries loaded) : database(std::move(opened)), entries(std::move(loaded)) {}

    std::mutex disk_mutex;  ///< taken before entries_mutex, never the other way round
    Database database;

    mutable std::mutex entries_mutex;
    Entries entries;
    Timestamp flushed;

    /// Deletes rows; memory has forgotten them already.
    Result<void> erase_rows(const std::vector<Digest>& hashes);
    Result<void> insert_row(const Digest& hash, const Session& session, const std::vector<Digest>& evicted);
    /// What start() must end so that the user stays within the limit.
    std::vector<Digest> surplus_of(std::string_view user) const;
    template <class Which>
    Result<std::size_t> end(Which&& which);
};

namespace {

std::unexpected<Rejection> unwritable(const sqlite::Error& error) {
    return reject("access_unwritable", fmt::format("sessions cannot be written: {}", error.what()));
}

template <class Write>
Result<void> committed(Database& database, Write&& write) {
    try {
        Transaction transaction(database);
        write();
        transaction.commit();
        return {};
    } catch (const sqlite::Error& error) {
        return unwritable(error);
    }
}

void delete_rows(Database& database, const std::vector<Digest>& hashes) {
    Statement remove = database.prepare("DELETE FROM session WHERE cookie_hash = ?");
    for (const Digest& hash : hashes) remove.bind(1, hash).run();
}

}  // namespace

Result<void> Sessions::State::erase_rows(const std::vector<Digest>& hashes) {
    if (hashes.empty()) return {};
    return committed(database, [&] { delete_rows(database, hashes); });
}

Result<void> Sessions::State::insert_row(const Digest& hash, const Session& session,
                                         const std::vector<Digest>& evicted) {
    return committed(database, [&] {
        delete_rows(database, evicted);
        Statement insert = database.prepare("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)");
        insert.bind(1, hash).bind(2, session.id.bytes).bind(3, session.user).bind(4, session.origin);
        insert.bind(5, session.created.ms).bind(6, session.last_seen.ms).run();
    });
}

std::vector<Digest> Sessions::State::surplus_of(std::string_view user) const {
    const std::lock_guard lock(entries_mutex);
    std::vector<std::pair<Timestamp, Digest>> own;
    for (const auto& [hash, entry] : entries) {
        if (entry.session.user == user) own.emplace_back(entry.session.last_seen, hash);
    }
    std::ranges::sort(own);
    std::vector<Digest> surplus;
    for (std::size_t i = 0; i + sessions_per_user_limit <= own.size(); ++i) surplus.push_back(own[i].second);
    return surplus;
}

template <class Which>
Result<std::size_t> Sessions::State::end(Which&& which) {
    const std::lock_guard disk(disk_mutex);
    std::vector<Digest> ended;
    {
        const std::lock_guard lock(entries_mutex);
        std::erase_if(entries, [&](const auto& entry) {
            if (!which(entry.second.session)) return false;
            ended.push_back(entry.first);
            return true;
        });
    }
    if (auto erased = erase_rows(ended); !erased) return std::unexpected(std::move(erased).error());
    return ended.size();
}

Sessions::Sessions(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sessions::~Sessions() = default;

std::expected<std::unique_ptr<Sessions>, OpenError> Sessions::open(const std::filesystem::path& file,
                                                                   Timestamp now) {
    try {
        Database database = open_database(file);
        if (database.query_integer("PRAGMA application_id") != application_id) {
            return refuse(OpenError::Code::damaged, fmt::format("{} holds no sessions", file.string()));
        }
        if (database.query_integer("PRAGMA user_version") > format_version) {
            return refuse(OpenError::Code::newer_version,
                          fmt::format("{} is of a newer version", file.string()));
        }
        if (database.query_text("PRAGMA quick_check(1)") != "ok") {
            return refuse(OpenError::Code::damaged, fmt::format("{} is damaged", file.string()));
        }
        database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
        database.execute(second_factor_table);
        Entries entries = load(database, now);
        auto state = std::make_unique<State>(std::move(database), std::move(entries));
        auto sessions = std::unique_ptr<Sessions>(new Sessions(std::move(state)));
        sessions->flush(now);
        return sessions;
    } catch (const sqlite::Error& error) {
        return refuse(error.damaged() ? OpenError::Code::damaged : OpenError::Code::io,
                      fmt::format("{}: {}", file.string(), error.what()));
    }
}

Result<Sessions::Started> Sessions::start(std::string_view user, std::string_view origin, Timestamp now) {
    Secret cookie = random_base64url(cookie_bytes);
    const Digest hash = sha256(cookie.reveal());
    const Session session{new_id(now), std::string(user), std::string(origin.substr(0, origin_limit)), now,
                          now};
    const std::lock_guard disk(state_->disk_mutex);
    const std::vector<Digest> surplus = state_->surplus_of(user);
    if (auto inserted = state_->insert_row(hash, session, surplus); !inserted) {
        return std::unexpected(std::move(inserted).error());
    }
    const std::lock_guard lock(state_->entries_mutex);
    for (const Digest& evicted : surplus) state_->entries.erase(evicted);
    state_->entries.emplace(hash, Entry{session, now, now});
    return Started{std::move(cookie), session};
}

Result<std::optional<Sessions::Started>> Sessions::rotate(std::string_view cookie, Timestamp now) {
    const std::optional<Session> session = find(cookie, now);
    if (!session) return std::nullopt;
    const Digest old_hash = *cookie_hash(cookie);
    Secret next = random_base64url(cookie_bytes);
    const Digest hash = sha256(next.reveal());
    const std::lock_guard disk(state_->disk_mutex);
    {
        const std::lock_guard lock(state_->entries_mutex);
        if (state_->entries.erase(old_hash) == 0) return std::nullopt;  // revoked meanwhile
    }
    if (auto inserted = state_->insert_row(hash, *session, {old_hash}); !inserted) {
        return std::unexpected(std::move(inserted).error());
    }
    const std::lock_guard lock(state_->entries_mutex);
    state_->entries.emplace(hash, Entry{*session, session->last_seen, session->created});
    return Started{std::move(next), *session};
}

std::optional<Session> Sessions::find(std::string_view cookie, Timestamp now) {
    const std::optional<Digest> hash = cookie_hash(cookie);
    if (!hash) return std::nullopt;
    std::optional<Session> session;
    bool flush_is_due = false;
    {
        const std::lock_guard lock(state_->entries_mutex);
        const auto found = state_->entries.find(*hash);
        if (found == state_->entries.end() || is_over(found->second.session, now)) return std::nullopt;
        Session& known = found->second.session;
        known.last_seen = std::max(known.last_seen, now);
        session = known;
        flush_is_due = now.ms - state_->flushed.ms >= session_touch_ms;
        if (flush_is_due) state_->flushed = now;
    }
    if (flush_is_due) flush(now);
    return session;
}

bool Sessions::alive(const Uuid& id, Timestamp now) const {
    const std::lock_guard lock(state_->entries_mutex);
    return std::ranges::any_of(state_->entries, [&](const auto& entry) {
        return entry.second.session.id == id && !is_over(entry.second.session, now);
    });
}

bool Sessions::is_fresh(const Uuid& id, Timestamp now) const {
    const std::lock_guard lock(state_->entries_mutex);
    return std::ranges::any_of(state_->entries, [&](const auto& entry) {
        const auto age = now.ms - entry.second.confirmed.ms;
        return entry.second.session.id == id && age >= 0 && age <= session_fresh_ms;
    });
}

void Sessions::confirm(const Uuid& id, Timestamp now) {
    const std::lock_guard lock(state_->entries_mutex);
    for (auto& [hash, entry] : state_->entries) {
        if (entry.session.id == id) entry.confirmed = now;
    }
}

Result<bool> Sessions::use_step(std::string_view user, std::int64_t step) {
    const std::lock_guard disk(state_->disk_mutex);
    bool is_new = false;
    auto written = committed(state_->database, [&] {
        Statement use = state_->database.prepare(
            "INSERT INTO second_factor(user, step) VALUES(?1, ?2) ON CONFLICT(user) DO UPDATE SET step = ?2 "
            "WHERE step < ?2");
        use.bind(1, user).bind(2, step).run();
        is_new = state_->database.changes() > 0;
    });
    if (!written) return std::unexpected(std::move(written).error());
    return is_new;
}

bool Sessions::belongs_to(const Uuid& id, std::string_view user) const {
    const std::lock_guard lock(state_->entries_mutex);
    return std::ranges::any_of(state_->entries, [&](const auto& entry) {
        return entry.second.session.id == id && entry.second.session.user == user;
    });
}

std::vector<Session> Sessions::list(std::string_view user, Timestamp now) const {
    std::vector<Session> found;
    {
        const std::lock_guard lock(state_->entries_mutex);
        for (const auto& [hash, entry] : state_->entries) {
            if (!is_over(entry.session, now) && (user.empty() || entry.session.user == user)) {
                found.push_back(entry.session);
            }
        }
    }
    std::ranges::sort(found, std::greater{},
                      [](const Session& session) { return std::pair(session.created, session.id); });
    return found;
}

Result<bool> Sessions::revoke(const Uuid& id) {
    const auto ended = state_->end([&](const Session& session) { return session.id == id; });
    if (!ended) return std::unexpected(ended.error());
    return *ended > 0;
}

Result<std::size_t> Sessions::revoke_user(std::string_view user, const std::optional<Uuid>& spared) {
    return state_->end([&](const Session& session) { return session.user == user && session.id != spared; });
}

void Sessions::flush(Timestamp now) {
    const std::lock_guard disk(state_->disk_mutex);
    std::vector<std::pair<Digest, Timestamp>> seen;
    {
        const std::lock_guard lock(state_->entries_mutex);
        state_->flushed = now;
        std::erase_if(state_->entries, [&](const auto& entry) { return is_over(entry.second.session, now); });
        for (auto& [hash, entry] : state_->entries) {
            if (entry.saved == entry.session.last_seen) continue;
            seen.emplace_back(hash, entry.session.last_seen);
            entry.saved = entry.session.last_seen;
        }
    }
    // A failure costs a session some of its idle time after a restart, nothing else.
    (void)committed(state_->database, [&] {
        Statement update =
            state_->database.prepare("UPDATE session SET last_seen = ?2 WHERE cookie_hash = ?1");
        for (const auto& [hash, last_seen] : seen) update.bind(1, hash).bind(2, last_seen.ms).run();
        Statement forget =
            state_->database.prepare("DELETE FROM session WHERE last_seen < ?1 OR created < ?2");
        forget.bind(1, now.ms - session_idle_ms).bind(2, now.ms - session_absolute_ms).run();
    });
}

}  // namespace pic::access
