#include "controller/sqlite/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pic::sqlite {

namespace {

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
    throw Error(sqlite3_extended_errcode(database), fmt::format("{}: {}", doing, sqlite3_errmsg(database)));
}

void check(sqlite3* database, int result, std::string_view doing) {
    if (result != SQLITE_OK) fail(database, doing);
}

int open_flags(Database::Mode mode) {
    switch (mode) {
        case Database::Mode::read_only:
            return SQLITE_OPEN_READONLY;
        case Database::Mode::read_write:
            return SQLITE_OPEN_READWRITE;
        case Database::Mode::create:
            return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    return SQLITE_OPEN_READONLY;
}

/// The journals inherit the mode of the file, so it is made with the right one before SQLite sees it.
void create_private(const std::filesystem::path& file, int extra_flags) {
    const int descriptor =
        ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | extra_flags, 0600);
    if (descriptor < 0) {
        throw Error(errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN,
                    fmt::format("cannot create {}: {}", file.string(), std::strerror(errno)));
    }
    ::close(descriptor);
}

}  // namespace

bool Error::unwritable() const {
    switch (code_ & 0xff) {
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return true;
        default:
            return false;
    }
}

bool Error::damaged() const { return (code_ & 0xff) == SQLITE_CORRUPT || (code_ & 0xff) == SQLITE_NOTADB; }

Statement::Statement(sqlite3* database, std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    check(database,
          sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                             &statement, nullptr),
          sql);
    statement_.reset(statement);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int parameter, std::int64_t value) {
    check(sqlite3_db_handle(statement_.get()), sqlite3_bind_int64(statement_.get(), parameter, value),
          "bind");
    return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
    check(sqlite3_db_handle(statement_.get()),
          sqlite3_bind_text64(statement_.get(), parameter, text.data() ? text.data() : "", text.size(),
                              SQLITE_STATIC, SQLITE_UTF8),
          "bind");
    return *this;
}

Statement& Statement::bind(int parameter, Bytes bytes) {
    static constexpr unsigned char nothing = 0;  // a null pointer would bind NULL instead of an empty blob
    check(sqlite3_db_handle(statement_.get()),
          sqlite3_bind_blob64(statement_.get(), parameter, bytes.data() ? bytes.data() : &nothing,
                              bytes.size(), SQLITE_STATIC),
          "bind");
    return *this;
}

Statement& Statement::bind_null(int parameter) {
    check(sqlite3_db_handle(statement_.get()), sqlite3_bind_null(statement_.get(), parameter), "bind");
    return *this;
}

bool Statement::step() {
    switch (sqlite3_step(statement_.get())) {
        case SQLITE_ROW:
            return true;
        case SQLITE_DONE:
            return false;
        default:
            break;
    }
    // The error goes with the reset, the statement must not stay open: read it first.
    sqlite3* database = sqlite3_db_handle(statement_.get());
    const Error error(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
    reset();
    throw error;
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return {text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Bytes Statement::bytes(int column) const {
    const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(statement_.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(const std::filesystem::path& file, Mode mode) {
    if (mode == Mode::create) create_private(file, 0);
    sqlite3* database = nullptr;
    const int result =
        sqlite3_open_v2(file.c_str(), &database, open_flags(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    if (result != SQLITE_OK) {
        throw Error(result, fmt::format("cannot open {}: {}", file.string(),
                                        database ? sqlite3_errmsg(database) : sqlite3_errstr(result)));
    }
    sqlite3_extended_result_codes(database, 1);
    sqlite3_busy_timeout(database, 5000);
    // Rows come from a file that a hostile archive may have brought: views and triggers in it call nothing.
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
}

void Database::execute(const char* sql) {
    check(handle(), sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr), sql);
}

Statement Database::prepare(std::string_view sql) const { return {handle(), sql}; }

std::int64_t Database::query_integer(std::string_view sql) const {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

std::string Database::query_text(std::string_view sql) const {
    Statement statement = prepare(sql);
    return statement.step() ? std::string(statement.text(0)) : std::string();
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle()); }

void Database::copy_to(const std::filesystem::path& file) const {
    create_private(file, O_EXCL);
    const Database target(file, Mode::read_write);
    sqlite3_backup* backup = sqlite3_backup_init(target.handle(), "main", handle(), "main");
    if (!backup) fail(target.handle(), "backup");
    sqlite3_backup_step(backup, -1);
    if (const int result = sqlite3_backup_finish(backup); result != SQLITE_OK) {
        throw Error(result, fmt::format("cannot copy to {}: {}", file.string(), sqlite3_errstr(result)));
    }
    // The copy says "WAL" in its header as its source does; alone in a backup it must be one whole file.
    Statement journal = target.prepare("PRAGMA journal_mode=DELETE");
    journal.run();
}

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
    if (!open_) return;
    // A failed COMMIT may have rolled back already; there is nothing left to do about an error here.
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

}  // namespace pic::sqlite
