#include "controller/access/access_log.hpp"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "controller/sqlite/database.hpp"

namespace pic::access {

using sqlite::Database;
using sqlite::Statement;

namespace {

constexpr std::int64_t access_log_id = 0x5049434c;  // "PICL"
constexpr std::int64_t access_log_version = 1;
constexpr std::size_t text_limit = 300;        // bytes of a field; what strangers say is theirs to choose
constexpr std::int64_t trim_interval = 1'000;  // entries between two looks at the limit

constexpr const char* create_table =
    "CREATE TABLE entry(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, actor "
    "TEXT NOT NULL,"
    " source TEXT NOT NULL, request_id TEXT NOT NULL, detail TEXT NOT NULL) STRICT";

constexpr const char* token_use_table =
    "CREATE TABLE IF NOT EXISTS token_use(token BLOB PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID";

Database open_entries(const std::filesystem::path& file) {
    Database database(file, Database::Mode::create);
    if (database.query_integer("SELECT count(*) FROM sqlite_schema") == 0) {
        sqlite::Transaction transaction(database);
        database.execute(
            fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", access_log_id, access_log_version)
                .c_str());
        database.execute(create_table);
        transaction.commit();
    }
    return database;
}

std::string cut(std::string text) {
    if (text.size() > text_limit) text.resize(text_limit);
    if (!is_clean_text(text)) return "(unprintable)";
    return text;
}

}  // namespace

struct AccessLog::State {
    explicit State(Database opened)
        : database(std::move(opened)),
          insert(database.prepare("INSERT INTO entry(at, kind, actor, source, request_id, detail) VALUES(?1, "
                                  "?2, ?3, ?4, ?5, ?6)")) {}

    mutable std::mutex mutex;
    Database database;
    Statement insert;
    std::int64_t inserted = 0;
    struct Use {
        TokenUse last;
        Timestamp saved;
    };
    std::map<Uuid, Use> uses;  ///< of tokens, in memory from the first look on
    Timestamp second;          ///< in which refusals are counted
    std::int64_t refusals = 0, left_out = 0;

    void write(AccessEntry entry) {
        entry.actor = cut(std::move(entry.actor));
        entry.source = cut(std::move(entry.source));
        entry.detail = cut(std::move(entry.detail));
        const sqlite::Rewind rewind(insert);
        insert.bind(1, entry.at.ms).bind(2, entry.kind).bind(3, entry.actor);
        insert.bind(4, entry.source).bind(5, entry.request_id).bind(6, entry.detail).run();
        if (++inserted % trim_interval != 1) return;
        Statement trim = database.prepare("DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - ?1");
        trim.bind(1, access_entries_limit).run();
    }

    /// What is known of a token; read from the disk the first time.
    Use& use_of(const Uuid& token) {
        const auto [found, fresh] = uses.try_emplace(token);
        if (!fresh) return found->second;
        Statement select = database.prepare("SELECT at, source FROM token_use WHERE token = ?1");
        select.bind(1, token.bytes);
        if (select.step()) {
            found->second.last = {Timestamp{select.integer(0)}, std::string(select.text(1))};
            found->second.saved = found->second.last.at;
        }
        return found->second;
    }

    void save(const Uuid& token, Use& use) {
        Statement upsert = database.prepare(
            "INSERT INTO token_use VALUES(?1, ?2, ?3) ON CONFLICT(token) DO UPDATE SET at = ?2, source = ?3");
        upsert.bind(1, token.bytes).bind(2, use.last.at.ms).bind(3, use.last.source).run();
        use.saved = use.last.at;
    }

    /// Says how many refusals were left out, once there is room again.
    bool may_write_refusal(AccessEntry& entry) {
        if (entry.at.ms - second.ms >= 1000 || entry.at < second) {
            second = entry.at;
            refusals = 0;
        }
        if (++refusals > refusals_a_second) {
            ++left_out;
            return false;
        }
        if (left_out > 0)
            entry.detail += fmt::format(" ({} more before this one)", std::exchange(left_out, 0));
        return true;
    }
};

AccessLog::AccessLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
AccessLog::~AccessLog() = default;

std::expected<std::unique_ptr<AccessLog>, OpenError> AccessLog::open(const std::filesystem::path& file) {
    try {
        Database database = open_entries(file);
        if (database.query_integer("PRAGMA application_id") != access_log_id) {
            return std::unexpected(
                OpenError{OpenError::Code::damaged, fmt::format("{} is no access log", file.string())});
        }
        if (database.query_integer("PRAGMA user_version") > access_log_version) {
            return std::unexpected(OpenError{OpenError::Code::newer_version,
                                             fmt::format("{} is of a newer version", file.string())});
        }
        database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
        database.execute(token_use_table);
        return std::unique_ptr<AccessLog>(new AccessLog(std::make_unique<State>(std::move(database))));
    } catch (const sqlite::Error& error) {
        const auto code = error.damaged() ? OpenError::Code::damaged : OpenError::Code::io;
        return std::unexpected(OpenError{code, fmt::format("{}: {}", file.string(), error.what())});
    }
}

void AccessLog::record(AccessEntry entry) {
    const std::lock_guard lock(state_->mutex);
    try {
        state_->write(std::move(entry));
    } catch (const sqlite::Error&) {
        ++state_->left_out;
    }
}

void AccessLog::record_refusal(AccessEntry entry) {
    const std::lock_guard lock(state_->mutex);
    try {
        if (state_->may_write_refusal(entry)) state_->write(std::move(entry));
    } catch (const sqlite::Error&) {
        ++state_->left_out;
    }
}

void AccessLog::used(const Uuid& token, Timestamp now, std::string_view source) {
    const std::lock_guard lock(state_->mutex);
    try {
        auto& use = state_->use_of(token);
        const bool moved = use.last.source != source;
        use.last = {now, std::string(source)};
        if (moved || now.ms - use.saved.ms >= token_use_touch_ms) state_->save(token, use);
    } catch (const sqlite::Error&) {
        ++state_->left_out;
    }
}

std::optional<TokenUse> AccessLog::last_use(const Uuid& token) const {
    const std::lock_guard lock(state_->mutex);
    const auto& use = state_->use_of(token);
    return use.last.at.ms == 0 ? std::nullopt : std::optional(use.last);
}

namespace {

constexpr std::string_view newest_first =
    "SELECT id, at, kind, actor, source, request_id, detail FROM entry WHERE (?1 = 0 OR id < ?1) AND"
    " (?2 = '' OR kind = ?2) AND (?3 = '' OR actor = ?3) AND at >= ?4 AND at <= ?5 AND (?7 = '' OR source = "
    "?7)"
    " AND (?8 = '' OR request_id = ?8) ORDER BY id DESC LIMIT ?6";
constexpr std::string_view oldest_first =
    "SELECT id, at, kind, actor, source, request_id, detail FROM entry WHERE id > ?1 AND"
    " (?2 = '' OR kind = ?2) AND (?3 = '' OR actor = ?3) AND at >= ?4 AND at <= ?5 AND (?7 = '' OR source = "
    "?7)"
    " AND (?8 = '' OR request_id = ?8) ORDER BY id LIMIT ?6";

std::vector<AccessEntry> entries_of(const Database& database, std::string_view query, std::uint64_t from,
                                    std::size_t limit, const AccessLog::Filter& filter) {
    Statement select = database.prepare(query);
    select.bind(1, static_cast<std::int64_t>(from)).bind(2, filter.kind).bind(3, filter.actor);
    select.bind(4, filter.since ? filter.since->ms : 0)
        .bind(5, filter.until ? filter.until->ms : std::numeric_limits<std::int64_t>::max());
    select.bind(6, static_cast<std::int64_t>(limit)).bind(7, filter.source).bind(8, filter.request_id);
    std::vector<AccessEntry> entries;
    while (select.step()) {
        entries.push_back({static_cast<std::uint64_t>(select.integer(0)), Timestamp{select.integer(1)},
                           std::string(select.text(2)), std::string(select.text(3)),
                           std::string(select.text(4)), std::string(select.text(5)),
                           std::string(select.text(6))});
    }
    return entries;
}

}  // namespace

std::vector<AccessEntry> AccessLog::read(std::uint64_t before, std::size_t limit,
                                         const Filter& filter) const {
    const std::lock_guard lock(state_->mutex);
    return entries_of(state_->database, newest_first, before, limit, filter);
}

std::vector<AccessEntry> AccessLog::read_forward(std::uint64_t after, std::size_t limit,
                                                 const Filter& filter) const {
    const std::lock_guard lock(state_->mutex);
    return entries_of(state_->database, oldest_first, after, limit, filter);
}

}  // namespace pic::access
