// The write side of the log in SQLite: one connection, statements prepared once, heads in memory. All it
// keeps in memory is what the disk says as of the last commit, plus a tentative part that commit() keeps and
// rollback() takes back. After a failure nothing of it is believed any more: it refuses everything, and
// whoever owns it makes a new one from the disk. (Retrying a failed fsync was rejected: the kernel may have
// dropped the pages and report success the second time.)
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "controller/log/answer_keys.hpp"
#include "controller/log/chain.hpp"
#include "controller/log/directory.hpp"
#include "controller/log/store.hpp"
#include "controller/sqlite/database.hpp"

namespace pic::log {

/// What a writer is given besides the disk; outlives it.
struct WriterSupply {
    RandomSource random;
    std::shared_ptr<const Signer> signer;
};

class SqliteWriter {
  public:
    /// Takes the heads from the disk. Throws OpenError (log_damaged, log_io).
    SqliteWriter(sqlite::Database database, WriterSupply& supply);

    void begin();
    std::vector<Appended> append(const ChangeInfo& change, std::span<const NewEvent> events);
    [[nodiscard]] StreamVersion stream_version(std::string_view stream) const;
    [[nodiscard]] std::optional<RememberedAnswer> recall(const IdempotencyScope& scope, Timestamp now);
    void remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now);
    void raise_epoch(Epoch at_least, Timestamp now);
    void sign_head();
    void commit();
    void rollback() noexcept;

    [[nodiscard]] const Head& head() const { return head_; }
    [[nodiscard]] Sequence last_signed() const { return last_signed_; }
    [[nodiscard]] sqlite::Database& database() { return database_; }

  private:
    struct Statements {
        explicit Statements(const sqlite::Database& database);
        sqlite::Statement begin, commit, rollback, event, stream, name, head, heads_at, signature, epoch;
        sqlite::Statement recall, remember, forget, oldest;
    };

    void load();
    void load_names(Numbering& names, std::string_view table);
    void load_versions();
    void load_answers();
    template <class F>
    auto guarded(F&& work);
    std::int64_t number_of(Numbering& names, std::string_view name, sqlite::Statement& insert);
    Appended append_one(const ChangeInfo& change, std::int64_t actor, std::int64_t source,
                        const NewEvent& event);
    void insert(const ChainedEvent& e, std::int64_t actor, std::int64_t source, const Digest& hash);
    void write_heads();
    void forget_expired(Timestamp now);
    [[nodiscard]] Digest digest_of(const IdempotencyScope& scope);

    sqlite::Database database_;
    WriterSupply& supply_;
    Statements statements_;
    ChainHasher hasher_;
    Sha256 scope_hash_;

    Head head_;
    Sequence last_signed_;
    Sequence heads_at_;
    Numbering streams_, names_;
    Versions versions_;
    AnswerKeys answers_;

    struct Mark {  ///< as of the last commit
        Head head;
        Sequence last_signed, heads_at;
        std::size_t streams = 0, names = 0;
    };
    Mark mark_;
    bool open_ = false;    ///< a transaction is
    bool broken_ = false;  ///< a write failed
};

}  // namespace pic::log
