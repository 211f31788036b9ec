// The log as the rest of the controller sees it: an append-only, hash-chained sequence of facts, with one
// writer and any number of readers. It knows no domain: it stores bytes, numbers them and guards them. Two
// stores keep this contract (SQLite and memory) and pass the same suite, so that another one (PostgreSQL) has
// a definition to meet.
//
// The write side belongs to one thread, which groups many changes into one Batch: one transaction, one fsync.
// A lock around a shared connection was rejected: it would make every command its own fsync.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "controller/log/signer.hpp"
#include "schema/event.hpp"
#include "schema/units.hpp"

namespace pic::log {

/// 10 random bytes for an event's id.
using RandomSource = std::function<std::array<std::uint8_t, 10>()>;
/// The kernel's randomness.
[[nodiscard]] RandomSource kernel_random();

/// Why a log cannot be opened; nothing was changed. Codes: log_locked, log_newer_version, log_not_ours,
/// log_settings, log_damaged, log_io.
struct OpenError : std::runtime_error {
    OpenError(std::string stable_code, const std::string& detail)
        : std::runtime_error(detail), code(std::move(stable_code)) {}
    std::string code;
};

/// A write failed (disk full, I/O error, fsync): nothing of the batch is acknowledged, and the store refuses
/// writes until it is opened anew. Codes: log_full, log_io.
struct WriteError : std::runtime_error {
    WriteError(std::string stable_code, const std::string& detail)
        : std::runtime_error(detail), code(std::move(stable_code)) {}
    std::string code;
};

/// A read met bytes that are no log, or the disk failed. verify() never throws it: it says where instead.
/// Codes: log_damaged, log_io.
struct ReadError : std::runtime_error {
    ReadError(std::string stable_code, const std::string& detail)
        : std::runtime_error(detail), code(std::move(stable_code)) {}
    std::string code;
};

/// Where the log ends.
struct Head {
    Uuid cell;
    Epoch epoch;
    Sequence sequence;  ///< 0: no event yet
    Digest hash{};      ///< of the last event, or the genesis hash
};

/// What the store gave to a new event.
struct Appended {
    Sequence sequence;
    Uuid id;
    StreamVersion version;
    Digest hash{};
};

/// Whose key it is: the same key of another actor, method or path is another key.
struct IdempotencyScope {
    std::string actor, method, path, key;
};

/// The answer that the first request with a key got.
struct RememberedAnswer {
    Digest request_body{};  ///< SHA-256 of what was asked
    int status = 200;
    std::string etag, location;
    Sequence sequence;  ///< of the last event of the change
    std::string body;   ///< one-time secrets left out
};

/// Every event whose sequence is a multiple of this carries a signature of the chain's head.
inline constexpr std::uint64_t signature_interval = 1024;

/// Remembered answers are forgotten after so many milliseconds: 7 days.
inline constexpr std::int64_t idempotency_lifetime_ms = std::int64_t{7} * 24 * 60 * 60 * 1000;

/// Whether an answer kept at one time is forgotten at another. One from a far future was kept under a wrong
/// clock.
[[nodiscard]] inline bool has_expired(Timestamp kept, Timestamp now) {
    return now.ms - kept.ms >= idempotency_lifetime_ms || kept.ms - now.ms >= idempotency_lifetime_ms;
}

/// One transaction. commit() is explicit; the destructor rolls back. At most one is open at a time.
class Batch {
  public:
    virtual ~Batch() = default;
    /// Adds the events of one change, in order. Ids are UUIDv7 of the change's time.
    virtual std::vector<Appended> append(const ChangeInfo& change, std::span<const NewEvent> events) = 0;
    /// The version of a stream as this batch sees it; 0 where it does not exist.
    [[nodiscard]] virtual StreamVersion stream_version(std::string_view stream) = 0;
    /// The answer kept for a key, this batch's own included; nothing where there is none or it has expired by
    /// `now`.
    [[nodiscard]] virtual std::optional<RememberedAnswer> recall(const IdempotencyScope& scope,
                                                                 Timestamp now) = 0;
    virtual void remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now) = 0;
    /// On disk when it returns. Throws WriteError.
    virtual void commit() = 0;
};

/// Readable bytes behind an event's data during a scan, as simdjson wants them.
inline constexpr std::size_t scan_padding = 64;

/// An event during a scan; the views are valid until the callback returns. `data` is followed by at least 64
/// readable bytes.
struct ScannedEvent {
    Sequence sequence;
    StreamVersion version;
    std::string_view type;
    std::uint32_t type_id =
        0;  ///< stands for `type` as long as the store is open, small: a dispatcher may index by it
    int schema_version = 1;  ///< as stored: whoever folds upcasts
    std::string_view data;
    Timestamp at;
};

struct Filter {
    std::string type = {}, stream = {}, actor = {}, source = {}, request_id = {};  ///< empty: any
    std::optional<Timestamp> since = {};                                           ///< at or after
    std::optional<Timestamp> until = {};                                           ///< before
};

/// What verify() found.
struct Verdict {
    bool ok = true;
    std::uint64_t events = 0;
    Sequence head;
    std::optional<Sequence> first_bad;
    std::string detail;  ///< a sentence where not ok
};

class LogStore {
  public:
    virtual ~LogStore() = default;

    // The write side: one thread.

    /// Throws WriteError where an earlier write failed.
    [[nodiscard]] virtual std::unique_ptr<Batch> begin() = 0;
    /// After a WriteError: reads the heads from the disk again, so that writing may be tried anew. What the
    /// failed batch left behind is either wholly there or not at all; head() tells. Throws OpenError, and may
    /// then be called again.
    virtual void reopen() = 0;
    /// Whose signature the chain's heads get from now on: every event whose sequence is a multiple of
    /// `signature_interval`. None: heads go unsigned.
    virtual void sign_with(std::shared_ptr<const Signer> signer) = 0;
    /// Signs the last event's head now, as at the end of the day; nothing happens where it is signed or there
    /// is no signer. Throws WriteError.
    virtual void sign_head() = 0;
    /// After a backup was restored: positions of before are told from those of after. The new epoch is above
    /// the present one and not below `at_least`. Throws WriteError.
    virtual Epoch raise_epoch(Epoch at_least, Timestamp now) = 0;

    // The read side: any thread; never waits for the writer, sees what is committed.

    [[nodiscard]] virtual Head head() const = 0;
    /// At most `limit` events after `after` that pass the filter, oldest first.
    [[nodiscard]] virtual std::vector<Event> read(Sequence after, std::size_t limit,
                                                  const Filter& filter = {}) const = 0;
    [[nodiscard]] virtual std::optional<Event> event(Sequence sequence) const = 0;
    /// Every event in (after, to], in order, until the callback returns false.
    virtual void scan(Sequence after, Sequence to,
                      const std::function<bool(const ScannedEvent&)>& visit) const = 0;
    /// Events of a change, in order.
    [[nodiscard]] virtual std::vector<Event> change(const Uuid& change_id) const = 0;
    /// The newest event whose head is signed; 0 where none is. What follows it is worth verifying before the
    /// first write.
    [[nodiscard]] virtual Sequence last_signed() const = 0;
    /// Walks chain and signatures over (after, to]; the signature of `after` itself included. A `to` beyond
    /// the head means the head. `progress` is told now and then how far it came. With no key trusted, a
    /// signature need only be valid under the key that it names, and none need be there.
    [[nodiscard]] virtual Verdict verify(Sequence after, Sequence to,
                                         std::span<const TrustedKey> trusted = {},
                                         const std::function<void(Sequence)>& progress = {}) const = 0;
};

}  // namespace pic::log
