#include "controller/log/sqlite_verify.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <utility>

#include "controller/log/handover.hpp"
#include "controller/log/walk.hpp"

namespace pic::log {
namespace {

constexpr std::size_t forms_bytes = 256 * 1024;  ///< canonical forms handed over at once

/// Rows to be hashed: their canonical forms one behind the other.
struct Chunk {
    struct Entry {
        Sequence sequence;
        std::size_t end;
        Digest hash;
    };
    std::string forms;
    std::vector<Entry> entries;
};

/// Hashes what it is given on a thread of its own and keeps the first event whose hash is not its content's.
class HashThread {
  public:
    HashThread() : thread_([this] { run(); }) {}
    ~HashThread() { finish(); }
    HashThread(const HashThread&) = delete;
    HashThread& operator=(const HashThread&) = delete;

    void give(Chunk chunk) { chunks_.give(std::move(chunk)); }

    [[nodiscard]] bool has_fault() const { return found_.load(std::memory_order_relaxed) != 0; }

    /// Waits until all is hashed. 0: all is well.
    Sequence finish() {
        chunks_.end();
        if (thread_.joinable()) thread_.join();
        return Sequence{found_.load()};
    }

  private:
    void run() {
        while (const auto chunk = chunks_.take()) {
            if (!has_fault()) check(*chunk);
        }
    }

    void check(const Chunk& chunk) {
        const std::string_view forms = chunk.forms;
        std::size_t start = 0;
        for (const auto& e : chunk.entries) {
            if (sha_.update(forms.substr(start, e.end - start)).finish() != e.hash) {
                found_ = e.sequence.value;
                return;
            }
            start = e.end;
        }
    }

    Sha256 sha_;
    Handover<Chunk> chunks_;
    std::atomic<std::uint64_t> found_{0};
    std::thread thread_;
};

/// One verification: the plan from the tables, then the rows.
class Verification {
  public:
    Verification(SqliteReader& reader, Sequence after, Sequence to, std::span<const TrustedKey> trusted)
        : reader_(reader), walk_(plan(after, to, trusted)) {}

    Verdict run(const std::function<void(Sequence)>& progress) {
        try {
            follow(progress);
        } catch (const ReadError& error) {
            walk_.fault(walk_.next(), error.what());
        } catch (const sqlite::Error& error) {
            walk_.fault(walk_.next(), error.what());
        }
        if (!chunk_.entries.empty()) hashes_.give(std::move(chunk_));
        if (const auto bad = hashes_.finish(); bad.value != 0) walk_.fault(bad, std::string(content_fault));
        if (lost_tail_) walk_.fault(to_.next(), "it is missing, though a head was signed that came later");
        return walk_.finish();
    }

  private:
    WalkPlan plan(Sequence after, Sequence to, std::span<const TrustedKey> trusted) {
        const auto& db = reader_.database();
        const Sequence head{static_cast<std::uint64_t>(db.query_integer("SELECT max(seq) FROM events"))};
        const auto newest_signed = db.query_integer("SELECT max(seq) FROM signatures");
        lost_tail_ = to >= head && static_cast<std::uint64_t>(newest_signed) > head.value;
        to_ = std::min(to, head);
        after_ = std::min(after, to_);
        WalkPlan made{{}, after_, {}, to_, {}, trusted};
        auto log = db.prepare("SELECT cell, heads_at FROM log");
        if (log.step()) {
            copy(log.bytes(0), made.cell.bytes);
            heads_at_.value = static_cast<std::uint64_t>(log.integer(1));
        }
        made.hash = genesis_hash(made.cell);
        if (after_.value != 0) {
            auto start = db.prepare("SELECT hash FROM events WHERE seq = ?");
            start.bind(1, static_cast<std::int64_t>(after_.value));
            if (start.step()) copy(start.bytes(0), made.hash);
        }
        made.heads = signed_heads();
        return made;
    }

    /// What has not the right length keeps its zeros and fails for it.
    template <std::size_t N>
    static void copy(sqlite::Bytes from, std::array<std::uint8_t, N>& to) {
        if (from.size() == N) std::ranges::copy(from, to.begin());
    }

    std::vector<SignedHead> signed_heads() {
        std::vector<SignedHead> heads;
        auto rows = reader_.database().prepare(
            "SELECT seq, epoch, hash, key, signature FROM signatures WHERE seq BETWEEN ? AND ? ORDER BY seq, "
            "id");
        rows.bind(1, static_cast<std::int64_t>(after_.value)).bind(2, static_cast<std::int64_t>(to_.value));
        while (rows.step()) {
            auto& head = heads.emplace_back();
            head.sequence.value = static_cast<std::uint64_t>(rows.integer(0));
            head.epoch.value = static_cast<std::uint64_t>(rows.integer(1));
            copy(rows.bytes(2), head.hash);
            copy(rows.bytes(3), head.key);
            copy(rows.bytes(4), head.signature);
        }
        return heads;
    }

    void follow(const std::function<void(Sequence)>& progress) {
        auto rows = reader_.select("events WHERE seq > ? AND seq <= ? ORDER BY seq");
        rows.bind(1, static_cast<std::int64_t>(after_.value)).bind(2, static_cast<std::int64_t>(to_.value));
        while (!hashes_.has_fault() && rows.step()) {
            const auto row = reader_.decode(rows);
            append_canonical(chunk_.forms, row.previous_hash, row.event);
            chunk_.entries.push_back({row.event.sequence, chunk_.forms.size(), row.hash});
            if (!walk_.link(row.event, static_cast<std::uint64_t>(row.stream), row.previous_hash, row.hash))
                return;
            if (row.event.sequence == heads_at_ && after_.value == 0) check_versions();
            if (chunk_.forms.size() < forms_bytes) continue;
            hashes_.give(std::exchange(chunk_, {}));
            if (progress) progress(row.event.sequence);
        }
    }

    /// The table of versions is a cache, but new events are numbered by it.
    void check_versions() {
        auto rows = reader_.database().prepare("SELECT stream, version FROM heads");
        while (rows.step()) {
            const auto version = static_cast<std::uint64_t>(rows.integer(1));
            if (walk_.version_of(static_cast<std::uint64_t>(rows.integer(0))).value == version) continue;
            walk_.fault(heads_at_,
                        "the versions kept of the streams are not those of the events up to there");
        }
    }

    SqliteReader& reader_;
    Sequence after_, to_, heads_at_;
    bool lost_tail_ = false;
    ChainWalk walk_;
    Chunk chunk_;
    HashThread hashes_;
};

}  // namespace

Verdict verify_log(SqliteReader& reader, Sequence after, Sequence to, std::span<const TrustedKey> trusted,
                   const std::function<void(Sequence)>& progress) {
    return Verification(reader, after, to, trusted).run(progress);
}

}  // namespace pic::log
