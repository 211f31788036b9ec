// SQLite as this house uses it: a connection, a statement, a transaction, each owned by one object. A full
// wrapper library was rejected (none is packaged that keeps its types out of headers); what is here is what
// the vault and the access store need. A failing call throws: by then the statement was ours and correct, so
// the machinery is broken. Callers for whom a full disk is an expected refusal catch Error and ask
// unwritable().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace pic::sqlite {

using Bytes = std::span<const unsigned char>;

class Error : public std::runtime_error {
  public:
    Error(int extended_code, const std::string& what) : std::runtime_error(what), code_(extended_code) {}
    /// Extended result code, https://sqlite.org/rescode.html
    [[nodiscard]] int code() const { return code_; }
    /// The disk is full, failing or read-only: the request may be repeated once that is mended.
    [[nodiscard]] bool unwritable() const;
    /// The file is no database or a malformed one.
    [[nodiscard]] bool damaged() const;

  private:
    int code_;
};

/// A prepared statement. Parameters count from 1, columns from 0, as SQLite's own do. Bound text and bytes
/// are not copied: they must outlive the step.
class Statement {
  public:
    Statement(sqlite3* database, std::string_view sql);

    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, std::string_view text);
    Statement& bind(int parameter, Bytes bytes);
    Statement& bind_null(int parameter);

    /// True: a row is there to be read.
    bool step();
    /// Steps to the end and resets.
    void run();
    void reset();

    /// Valid until the next step or reset.
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] Bytes bytes(int column) const;
    [[nodiscard]] bool is_null(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement when the scope ends, so that no read lock is left behind by an early return.
class Rewind {
  public:
    explicit Rewind(Statement& statement) : statement_(statement) {}
    ~Rewind() { statement_.reset(); }
    Rewind(const Rewind&) = delete;
    Rewind& operator=(const Rewind&) = delete;

  private:
    Statement& statement_;
};

/// One connection. Not for two threads at once; whoever owns it has the mutex.
class Database {
  public:
    enum class Mode { read_write, create, read_only };
    /// Waits up to 5 s for another connection's lock. Foreign keys are enforced.
    Database(const std::filesystem::path& file, Mode mode);

    void execute(const char* sql);
    [[nodiscard]] Statement prepare(std::string_view sql) const;
    [[nodiscard]] std::int64_t query_integer(std::string_view sql) const;
    [[nodiscard]] std::string query_text(std::string_view sql) const;
    /// Rows changed by the last statement.
    [[nodiscard]] std::int64_t changes() const;
    [[nodiscard]] sqlite3* handle() const { return database_.get(); }

    /// A consistent copy as of now, made in one step so that no concurrent write starts it anew. `file` must
    /// not exist; it is created with mode 0600 and is on the disk when this returns. Takes no journal with
    /// it.
    void copy_to(const std::filesystem::path& file) const;

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    std::unique_ptr<sqlite3, Close> database_;
};

/// BEGIN IMMEDIATE; rolls back unless committed.
class Transaction {
  public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

  private:
    Database& database_;
    bool open_ = true;
};

}  // namespace pic::sqlite
