#include "controller/log/sqlite_writer.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "controller/log/log_file.hpp"
#include "controller/log/sqlite_store.hpp"
#include "controller/log/walk.hpp"

namespace pic::log {
namespace {

constexpr int forgotten_each_time =
    2;  ///< expired answers dropped when a new one is kept: their number cannot grow

std::int64_t to_sql(std::uint64_t number) { return static_cast<std::int64_t>(number); }
std::uint64_t from_sql(std::int64_t number) { return static_cast<std::uint64_t>(number); }

template <std::size_t N>
sqlite::Bytes blob(const std::array<std::uint8_t, N>& bytes) {
    return {bytes.data(), bytes.size()};
}

template <std::size_t N>
std::array<std::uint8_t, N> array_of(sqlite::Bytes bytes) {
    if (bytes.size() != N) throw OpenError("log_damaged", "a hash or an id of the log has a wrong length");
    std::array<std::uint8_t, N> array;
    std::ranges::copy(bytes, array.begin());
    return array;
}

[[noreturn]] void damaged(std::string_view what) {
    throw OpenError("log_damaged", fmt::format("the log is damaged: {}", what));
}

}  // namespace

SqliteWriter::Statements::Statements(const sqlite::Database& d)
    : begin(d.prepare("BEGIN IMMEDIATE")),
      commit(d.prepare("COMMIT")),
      rollback(d.prepare("ROLLBACK")),
      event(d.prepare(
          "INSERT INTO events (seq, stream, version, type, schema_version, at, actor, source, causation, id, "
          "change_id, previous_hash, hash, request_id, data) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")),
      stream(d.prepare("INSERT INTO streams (id, name) VALUES (?, ?)")),
      name(d.prepare("INSERT INTO names (id, name) VALUES (?, ?)")),
      head(d.prepare("INSERT INTO heads (stream, version) VALUES (?, ?) "
                     "ON CONFLICT (stream) DO UPDATE SET version = excluded.version")),
      heads_at(d.prepare("UPDATE log SET heads_at = ?")),
      signature(d.prepare("INSERT INTO signatures (id, seq, epoch, hash, key, signature) "
                          "VALUES ((SELECT coalesce(max(id), 0) + 1 FROM signatures), ?, ?, ?, ?, ?)")),
      epoch(d.prepare("INSERT INTO epochs (epoch, after, at) VALUES (?, ?, ?)")),
      recall(
          d.prepare("SELECT request_body, status, etag, location, seq, body, at FROM answers WHERE id = ?")),
      remember(
          d.prepare("INSERT INTO answers (id, scope, request_body, status, etag, location, seq, body, at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      forget(d.prepare("DELETE FROM answers WHERE id = ?")),
      oldest(d.prepare("SELECT id, at, scope FROM answers ORDER BY id LIMIT 1")) {}

SqliteWriter::SqliteWriter(sqlite::Database database, WriterSupply& supply) try
    : database_(std::move(database)), supply_(supply), statements_(database_) {
    load();
} catch (const sqlite::Error& error) {
    throw OpenError(error.damaged() ? "log_damaged" : "log_io",
                    fmt::format("the log cannot be read: {}", error.what()));
}

void SqliteWriter::load() {
    auto log = database_.prepare("SELECT cell, heads_at, (SELECT max(epoch) FROM epochs) FROM log");
    if (!log.step()) damaged("it does not say whose it is");
    head_.cell.bytes = array_of<16>(log.bytes(0));
    head_.epoch.value = from_sql(log.integer(2));
    heads_at_.value = from_sql(log.integer(1));
    head_.hash = genesis_hash(head_.cell);
    auto last = database_.prepare("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1");
    if (last.step()) {
        head_.sequence.value = from_sql(last.integer(0));
        head_.hash = array_of<32>(last.bytes(1));
    }
    last_signed_.value =
        from_sql(database_.query_integer("SELECT seq FROM signatures ORDER BY id DESC LIMIT 1"));
    if (last_signed_ > head_.sequence) damaged("it ends before a head that was signed");
    load_names(streams_, "streams");
    load_names(names_, "names");
    load_versions();
    load_answers();
    mark_ = {head_, last_signed_, heads_at_, streams_.size(), names_.size()};
}

void SqliteWriter::load_names(Numbering& names, std::string_view table) {
    auto rows = database_.prepare(fmt::format("SELECT id, name FROM {} ORDER BY id", table));
    while (rows.step()) {
        const auto [number, is_new] = names.number(rows.text(1));
        if (!is_new || number != rows.integer(0)) damaged(fmt::format("table {} has lost a name", table));
    }
}

void SqliteWriter::load_versions() {
    const auto known = to_sql(streams_.size());
    auto heads = database_.prepare("SELECT stream, version FROM heads");
    while (heads.step()) {
        if (heads.integer(0) < 1 || heads.integer(0) > known) damaged("a version of an unknown stream");
        versions_.set(heads.integer(0), StreamVersion{from_sql(heads.integer(1))});
    }
    auto tail = database_.prepare("SELECT stream, version FROM events WHERE seq > ? ORDER BY seq");
    tail.bind(1, to_sql(heads_at_.value));
    while (tail.step()) {
        if (tail.integer(0) < 1 || tail.integer(0) > known) damaged("an event of an unknown stream");
        if (versions_.raise(tail.integer(0)).value != from_sql(tail.integer(1)))
            damaged("a stream has lost an event");
    }
    versions_.keep();
}

/// From the narrow index, not from the answers themselves. They are no part of the chain: a damaged one is as
/// good as none.
void SqliteWriter::load_answers() {
    auto rows = database_.prepare("SELECT id, scope FROM answers ORDER BY at, scope");
    while (rows.step()) {
        if (rows.bytes(1).size() == sizeof(Digest))
            answers_.load(array_of<32>(rows.bytes(1)), rows.integer(0));
    }
}

/// Every touch of the database on the write side: a failure of any kind ends this writer.
template <class F>
auto SqliteWriter::guarded(F&& work) {
    if (broken_) throw WriteError("log_io", "an earlier write failed; the log must be opened again");
    try {
        return work();
    } catch (const sqlite::Error& error) {
        broken_ = true;
        throw WriteError((error.code() & 0xff) == SQLITE_FULL ? "log_full" : "log_io", error.what());
    } catch (...) {
        broken_ = true;
        throw;
    }
}

void SqliteWriter::begin() {
    guarded([&] { statements_.begin.run(); });
    open_ = true;
}

std::int64_t SqliteWriter::number_of(Numbering& names, std::string_view name, sqlite::Statement& insert) {
    const auto [number, is_new] = names.number(name);
    if (is_new) insert.bind(1, number).bind(2, name).run();
    return number;
}

std::vector<Appended> SqliteWriter::append(const ChangeInfo& change, std::span<const NewEvent> events) {
    return guarded([&] {
        std::vector<Appended> appended;
        if (events.empty()) return appended;
        appended.reserve(events.size());
        const auto actor = number_of(names_, change.actor, statements_.name);
        const auto source = number_of(names_, change.source, statements_.name);
        for (const auto& event : events) appended.push_back(append_one(change, actor, source, event));
        return appended;
    });
}

Appended SqliteWriter::append_one(const ChangeInfo& change, std::int64_t actor, std::int64_t source,
                                  const NewEvent& fresh) {
    const auto stream = number_of(streams_, fresh.stream, statements_.stream);
    const ChainedEvent e{head_.sequence.next(),
                         make_uuid7(change.at, supply_.random()),
                         fresh.stream,
                         versions_.raise(stream),
                         fresh.type,
                         fresh.schema_version,
                         fresh.data,
                         change.change_id,
                         change.causation,
                         change.actor,
                         change.source,
                         change.request_id,
                         change.at};
    const auto hash = hasher_.hash(head_.hash, e);
    statements_.event.bind(2, stream).bind(4, number_of(names_, fresh.type, statements_.name));
    insert(e, actor, source, hash);
    head_.sequence = e.sequence;
    head_.hash = hash;
    if (e.sequence.value % signature_interval == 0) sign_head();
    return {e.sequence, e.id, e.version, hash};
}

void SqliteWriter::insert(const ChainedEvent& e, std::int64_t actor, std::int64_t source,
                          const Digest& hash) {
    auto& s = statements_.event;  // its stream and type are bound
    s.bind(1, to_sql(e.sequence.value))
        .bind(3, to_sql(e.version.value))
        .bind(5, std::int64_t{e.schema_version});
    s.bind(6, e.at.ms).bind(7, actor).bind(8, source);
    if (e.causation) {
        s.bind(9, to_sql(e.causation->value));
    } else {
        s.bind_null(9);
    }
    s.bind(10, blob(e.id.bytes))
        .bind(11, blob(e.change_id.bytes))
        .bind(12, blob(head_.hash))
        .bind(13, blob(hash));
    s.bind(14, e.request_id).bind(15, e.data).run();
}

StreamVersion SqliteWriter::stream_version(std::string_view stream) const {
    return versions_.of(streams_.find(stream));
}

void SqliteWriter::sign_head() {
    if (!supply_.signer || head_.sequence.value == 0 || last_signed_ == head_.sequence) return;
    guarded([&] {
        const auto made = log::sign_head(*supply_.signer, head_);
        statements_.signature.bind(1, to_sql(made.sequence.value))
            .bind(2, to_sql(made.epoch.value))
            .bind(3, blob(made.hash));
        statements_.signature.bind(4, blob(made.key)).bind(5, blob(made.signature)).run();
        last_signed_ = made.sequence;
    });
}

void SqliteWriter::raise_epoch(Epoch at_least, Timestamp now) {
    guarded([&] {
        head_.epoch = std::max(head_.epoch.next(), at_least);
        statements_.epoch.bind(1, to_sql(head_.epoch.value))
            .bind(2, to_sql(head_.sequence.value))
            .bind(3, now.ms)
            .run();
    });
}

void SqliteWriter::write_heads() {
    for (const auto stream : versions_.take_changed()) {
        if (const auto version = versions_.of(stream); version.value != 0) {
            statements_.head.bind(1, stream).bind(2, to_sql(version.value)).run();
        }
    }
    heads_at_ = head_.sequence;
    statements_.heads_at.bind(1, to_sql(heads_at_.value)).run();
}

void SqliteWriter::commit() {
    guarded([&] {
        if (head_.sequence.value - heads_at_.value >= heads_interval) write_heads();
        statements_.commit.run();
    });
    open_ = false;
    versions_.keep();
    answers_.keep();
    mark_ = {head_, last_signed_, heads_at_, streams_.size(), names_.size()};
}

void SqliteWriter::rollback() noexcept {
    if (!std::exchange(open_, false)) return;
    try {
        statements_.rollback.run();
    } catch (const sqlite::Error&) {
        broken_ =
            true;  // a failed COMMIT may have rolled back already; the disk decides, at the next opening
    }
    head_ = mark_.head;
    last_signed_ = mark_.last_signed;
    heads_at_ = mark_.heads_at;
    versions_.take_back();
    answers_.take_back();
    streams_.shrink(mark_.streams);
    names_.shrink(mark_.names);
}

Digest SqliteWriter::digest_of(const IdempotencyScope& scope) {
    for (const auto* part : {&scope.actor, &scope.method, &scope.path, &scope.key})
        scope_hash_.update_prefixed(*part);
    return scope_hash_.finish();
}

std::optional<RememberedAnswer> SqliteWriter::recall(const IdempotencyScope& scope, Timestamp now) {
    return guarded([&]() -> std::optional<RememberedAnswer> {
        const auto id = answers_.find(digest_of(scope));
        if (id == 0) return std::nullopt;
        auto& row = statements_.recall.bind(1, id);
        const sqlite::Rewind rewind(row);
        if (!row.step() || has_expired(Timestamp{row.integer(6)}, now)) return std::nullopt;
        RememberedAnswer answer;
        std::ranges::copy(row.bytes(0).first(std::min(row.bytes(0).size(), answer.request_body.size())),
                          answer.request_body.begin());
        answer.status = static_cast<int>(row.integer(1));
        answer.etag = row.text(2);
        answer.location = row.text(3);
        answer.sequence.value = from_sql(row.integer(4));
        answer.body = row.text(5);
        return answer;
    });
}

void SqliteWriter::remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now) {
    guarded([&] {
        const auto digest = digest_of(scope);
        if (const auto older = answers_.find(digest); older != 0) statements_.forget.bind(1, older).run();
        auto& s = statements_.remember;
        s.bind(1, answers_.add(digest)).bind(2, blob(digest)).bind(3, blob(answer.request_body));
        s.bind(4, std::int64_t{answer.status}).bind(5, answer.etag).bind(6, answer.location);
        s.bind(7, to_sql(answer.sequence.value)).bind(8, answer.body).bind(9, now.ms).run();
        forget_expired(now);
    });
}

void SqliteWriter::forget_expired(Timestamp now) {
    for (int i = 0; i < forgotten_each_time; ++i) {
        auto& oldest = statements_.oldest;
        const bool any = oldest.step();
        const auto id = any ? oldest.integer(0) : 0;
        const bool expired = any && has_expired(Timestamp{oldest.integer(1)}, now);
        if (expired && oldest.bytes(2).size() == sizeof(Digest))
            answers_.erase(array_of<32>(oldest.bytes(2)), id);
        oldest.reset();
        if (!expired) return;
        statements_.forget.bind(1, id).run();
    }
}

}  // namespace pic::log
