// The log in one SQLite file, <folder>/log.db: WAL, synchronous=FULL, one connection that writes, a pool that
// reads, and a thread that moves the WAL into the file, so that a commit costs one fdatasync and never a
// checkpoint. The grammar is one page, docs/log-format.md; the tables are schema/log.sql.
//
// Names (streams, types, actors, sources) are integers in the table and text in the hash. Nothing is indexed
// that a query of people's speed can do without: each index on a random key would double what a commit
// writes.
//
// Rejected: AUTOINCREMENT (it leaves gaps that a reader skips over), the rollback journal (two fsyncs a
// commit), a stream's version as a column updated with each event (a page a stream dirtied in every commit:
// heads are written every `heads_interval` events instead, and the tail is read again at start).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "controller/log/file_snapshot.hpp"
#include "controller/log/store.hpp"

namespace pic::log {

inline constexpr std::uint64_t heads_interval = 4096;  ///< events between two writes of the streams' heads

/// Raises an event's data to the newest schema version, both in place. Hashes are over what is stored, so
/// they do not follow.
using Upcaster = std::function<void(Event& event)>;

struct OpenOptions {
    std::filesystem::path folder = {};               ///< exists; holds log.db, its journals and log.lock
    Uuid cell = {};                                  ///< of a new log; an existing one keeps its own
    Timestamp now = {};                              ///< of a new log's first epoch
    std::shared_ptr<const Signer> signer = nullptr;  ///< see LogStore::sign_with
    RandomSource random = {};                        ///< empty: the kernel's
    Upcaster upcast = {};    ///< applied by read(), event() and change(); scan() gives what is stored
    bool read_only = false;  ///< a damaged log is still shown: every write is refused
};

class SqliteStore final : public LogStore {
  public:
    /// Opens, or makes a new log where there is none. Throws OpenError; then nothing was changed.
    explicit SqliteStore(OpenOptions options);
    /// Signs the head where there is a signer, and closes. Nobody may be reading any more.
    ~SqliteStore() override;
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

    [[nodiscard]] std::unique_ptr<Batch> begin() override;
    void reopen() override;
    void sign_with(std::shared_ptr<const Signer> signer) override;
    void sign_head() override;
    Epoch raise_epoch(Epoch at_least, Timestamp now) override;

    [[nodiscard]] Head head() const override;
    [[nodiscard]] std::vector<Event> read(Sequence after, std::size_t limit,
                                          const Filter& filter = {}) const override;
    [[nodiscard]] std::optional<Event> event(Sequence sequence) const override;
    void scan(Sequence after, Sequence to,
              const std::function<bool(const ScannedEvent&)>& visit) const override;
    [[nodiscard]] std::vector<Event> change(const Uuid& change_id) const override;
    [[nodiscard]] Sequence last_signed() const override;
    [[nodiscard]] Verdict verify(Sequence after, Sequence to, std::span<const TrustedKey> trusted = {},
                                 const std::function<void(Sequence)>& progress = {}) const override;

    /// A consistent copy as of now, beside any writes, made in one step; `file` must not exist. It opens as a
    /// log of its own (raise the epoch then). Throws ReadError (log_io) where it cannot be written.
    void copy_to(const std::filesystem::path& file) const;
    /// The same without a second file, to be read while it lives; nothing where that cannot be had now (the
    /// log was opened for reading only, or a long read is under way). Throws sqlite::Error.
    [[nodiscard]] std::unique_ptr<FileSnapshot> snapshot() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::log
