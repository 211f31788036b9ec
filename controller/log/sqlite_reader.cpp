#include "controller/log/sqlite_reader.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <thread>
#include <utility>
#include <variant>

#include "controller/log/handover.hpp"
#include "controller/log/log_file.hpp"

namespace pic::log {
namespace {

constexpr std::size_t idle_readers_limit = 4;    ///< connections kept open when nobody reads
constexpr std::uint64_t long_scan = 4096;        ///< events from which on a scan is read ahead
constexpr std::size_t chunk_bytes = 256 * 1024;  ///< of event data read ahead at once
constexpr std::int64_t names_limit = 1 << 28;    ///< a larger number can only be damage

std::int64_t clamped(std::uint64_t number) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
}

template <std::size_t N>
void copy_exactly(sqlite::Bytes bytes, std::array<std::uint8_t, N>& to, std::string_view what) {
    if (bytes.size() != N)
        throw ReadError("log_damaged", fmt::format("its {} has {} bytes", what, bytes.size()));
    std::ranges::copy(bytes, to.begin());
}

Event to_event(const Row& row) {
    const auto& e = row.event;
    return {e.sequence,
            e.id,
            std::string(e.stream),
            e.version,
            std::string(e.type),
            e.schema_version,
            std::string(e.data),
            {e.change_id, e.causation, std::string(e.actor), std::string(e.source), std::string(e.request_id),
             e.at},
            row.previous_hash,
            row.hash};
}

}  // namespace

NameCache::NameCache(const sqlite::Database& database, std::string_view table)
    : by_number_(database.prepare(fmt::format("SELECT name FROM {} WHERE id = ?", table))),
      by_name_(database.prepare(fmt::format("SELECT id FROM {} WHERE name = ?", table))) {}

std::string_view NameCache::at(std::int64_t number) {
    const auto index = static_cast<std::size_t>(number);
    if (number > 0 && index < known_.size() && known_[index]) return names_[index];
    const sqlite::Rewind rewind(by_number_);
    if (number < 1 || number > names_limit || !by_number_.bind(1, number).step()) {
        throw ReadError("log_damaged",
                        fmt::format("it has a name by a number, {}, that stands for none", number));
    }
    if (index >= known_.size()) {
        names_.resize(index + 1);
        known_.resize(index + 1);
    }
    names_[index] = by_number_.text(0);
    known_[index] = true;
    return names_[index];
}

std::int64_t NameCache::find(std::string_view name) {
    const sqlite::Rewind rewind(by_name_);
    return by_name_.bind(1, name).step() ? by_name_.integer(0) : 0;
}

SqliteReader::SqliteReader(const std::filesystem::path& file)
    : database_(open_for_reading(file)),
      streams_(database_, "streams"),
      names_(database_, "names"),
      begin_(database_.prepare("BEGIN")),
      end_(database_.prepare("COMMIT")),
      by_sequence_(select("events WHERE seq = ?")),
      by_change_(select("events WHERE change_id = ? ORDER BY seq")),
      scan_(database_.prepare("SELECT seq, version, type, schema_version, at, data FROM events "
                              "WHERE seq > ? AND seq <= ? ORDER BY seq")) {}

SqliteReader::Snapshot::Snapshot(SqliteReader& reader) : reader_(reader) { reader_.begin_.run(); }

SqliteReader::Snapshot::~Snapshot() {
    try {
        reader_.end_.run();
    } catch (const sqlite::Error&) {
        // The end of a read writes nothing: whatever failed was told by the read.
    }
}

sqlite::Statement SqliteReader::select(std::string_view rest) const {
    return database_.prepare(fmt::format(
        "SELECT seq, stream, version, type, schema_version, at, actor, source, causation, id, change_id, "
        "previous_hash, hash, request_id, data FROM {}",
        rest));
}

Row SqliteReader::decode(const sqlite::Statement& row) {
    Row out;
    auto& e = out.event;
    e.sequence.value = static_cast<std::uint64_t>(row.integer(0));
    out.stream = row.integer(1);
    e.stream = streams_.at(out.stream);
    e.version.value = static_cast<std::uint64_t>(row.integer(2));
    out.type = row.integer(3);
    e.type = names_.at(out.type);
    const auto schema_version = row.integer(4);
    if (schema_version != static_cast<int>(schema_version))
        throw ReadError("log_damaged", "its schema version is no number");
    e.schema_version = static_cast<int>(schema_version);
    e.at.ms = row.integer(5);
    e.actor = names_.at(row.integer(6));
    e.source = names_.at(row.integer(7));
    if (!row.is_null(8)) e.causation = Sequence{static_cast<std::uint64_t>(row.integer(8))};
    copy_exactly(row.bytes(9), e.id.bytes, "id");
    copy_exactly(row.bytes(10), e.change_id.bytes, "change's id");
    copy_exactly(row.bytes(11), out.previous_hash, "previous hash");
    copy_exactly(row.bytes(12), out.hash, "hash");
    e.request_id = row.text(13);
    e.data = row.text(14);
    return out;
}

std::vector<Event> SqliteReader::collect(sqlite::Statement& rows) {
    std::vector<Event> events;
    while (rows.step()) events.push_back(to_event(decode(rows)));
    return events;
}

std::vector<Event> SqliteReader::read(Sequence after, std::size_t limit, const Filter& filter) {
    std::string where = "events WHERE seq > ?";
    std::vector<std::variant<std::int64_t, std::string_view>> values{clamped(after.value)};
    bool unknown = false;
    const auto want = [&](std::string_view condition, std::variant<std::int64_t, std::string_view> value) {
        where += condition;
        values.push_back(value);
    };
    const auto want_name = [&](std::string_view condition, NameCache& names, const std::string& name) {
        if (name.empty()) return;
        const auto number = names.find(name);
        want(condition, number);
        unknown = unknown || number == 0;
    };
    want_name(" AND stream = ?", streams_, filter.stream);
    want_name(" AND type = ?", names_, filter.type);
    want_name(" AND actor = ?", names_, filter.actor);
    want_name(" AND source = ?", names_, filter.source);
    if (!filter.request_id.empty()) want(" AND request_id = ?", filter.request_id);
    if (filter.since) want(" AND at >= ?", filter.since->ms);
    if (filter.until) want(" AND at < ?", filter.until->ms);
    if (unknown) return {};
    want(" ORDER BY seq LIMIT ?", clamped(limit));
    auto rows = select(where);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::visit([&](auto value) { rows.bind(static_cast<int>(i) + 1, value); }, values[i]);
    }
    return collect(rows);
}

std::optional<Event> SqliteReader::event(Sequence sequence) {
    const sqlite::Rewind rewind(by_sequence_);
    if (!by_sequence_.bind(1, clamped(sequence.value)).step()) return std::nullopt;
    return to_event(decode(by_sequence_));
}

std::vector<Event> SqliteReader::change(const Uuid& change_id) {
    const sqlite::Rewind rewind(by_change_);
    return collect(by_change_.bind(1, bytes_of(change_id)));
}

/// visit(event) until it returns false; the event's data is valid until then, and not padded.
template <class F>
void SqliteReader::each_scanned(Sequence after, Sequence to, F&& visit) {
    const sqlite::Rewind rewind(scan_);
    scan_.bind(1, clamped(after.value)).bind(2, clamped(to.value));
    for (auto expected = after.next(); scan_.step(); expected = expected.next()) {
        ScannedEvent e;
        e.sequence.value = static_cast<std::uint64_t>(scan_.integer(0));
        if (e.sequence != expected)
            throw ReadError("log_damaged", fmt::format("event {} is missing", expected.value));
        e.version.value = static_cast<std::uint64_t>(scan_.integer(1));
        e.type_id = static_cast<std::uint32_t>(scan_.integer(2));
        e.type = names_.at(scan_.integer(2));
        e.schema_version = static_cast<int>(scan_.integer(3));
        e.at.ms = scan_.integer(4);
        e.data = scan_.text(5);
        if (!visit(e)) return;
    }
}

void SqliteReader::scan(Sequence after, Sequence to, const std::function<bool(const ScannedEvent&)>& visit) {
    if (to.value > after.value + long_scan) return scan_ahead(after, to, visit);
    std::string padded;  // keeps its size as a high-water mark, so that most rows cost one memcpy
    each_scanned(after, to, [&](ScannedEvent& e) {
        if (padded.size() < e.data.size() + scan_padding) padded.resize(e.data.size() + scan_padding);
        std::ranges::copy(e.data, padded.begin());
        e.data = {padded.data(), e.data.size()};
        return visit(e);
    });
}

namespace {

/// Events with their data one behind the other.
struct ScannedChunk {
    std::vector<ScannedEvent> events;
    std::vector<std::size_t> starts;
    std::string data;

    void add(const ScannedEvent& e) {
        events.push_back(e);
        starts.push_back(data.size());
        data += e.data;
    }
    [[nodiscard]] bool is_full() const { return data.size() >= chunk_bytes; }
    /// Views into data, which does not grow any more.
    void close() {
        data.append(scan_padding, '\0');
        for (std::size_t i = 0; i < events.size(); ++i)
            events[i].data = std::string_view(data).substr(starts[i], events[i].data.size());
    }
};

}  // namespace

void SqliteReader::scan_ahead(Sequence after, Sequence to,
                              const std::function<bool(const ScannedEvent&)>& visit) {
    Handover<std::unique_ptr<ScannedChunk>> chunks;
    std::exception_ptr fault;
    std::jthread reading([&] {
        auto chunk = std::make_unique<ScannedChunk>();
        const auto hand_over = [&] {
            chunk->close();
            return chunks.give(std::exchange(chunk, std::make_unique<ScannedChunk>()));
        };
        try {
            each_scanned(after, to, [&](const ScannedEvent& e) {
                chunk->add(e);
                return !chunk->is_full() || hand_over();
            });
        } catch (...) {
            fault = std::current_exception();
        }
        hand_over();
        chunks.end();
    });
    // Whatever visit() throws: the thread must not wait for a taker that is gone.
    const std::unique_ptr<decltype(chunks), void (*)(decltype(chunks)*)> leaving(&chunks,
                                                                                 [](auto* c) { c->leave(); });
    while (const auto chunk = chunks.take()) {
        for (const auto& e : (*chunk)->events) {
            if (!visit(e)) return;
        }
    }
    if (fault) std::rethrow_exception(fault);
}

std::shared_ptr<SqliteReader> ReaderPool::take() {
    std::unique_ptr<SqliteReader> reader;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            reader = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!reader) reader = translated([&] { return std::make_unique<SqliteReader>(file_); });
    return {reader.release(), [this](SqliteReader* raw) { give_back(std::unique_ptr<SqliteReader>(raw)); }};
}

void ReaderPool::give_back(std::unique_ptr<SqliteReader> reader) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_readers_limit) idle_.push_back(std::move(reader));
}

void ReaderPool::fail(const sqlite::Error& error) {
    throw ReadError(error.damaged() ? "log_damaged" : "log_io",
                    fmt::format("the log cannot be read: {}", error.what()));
}

}  // namespace pic::log
