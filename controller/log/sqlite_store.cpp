#include "controller/log/sqlite_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "controller/log/checkpointer.hpp"
#include "controller/log/folder_lock.hpp"
#include "controller/log/log_file.hpp"
#include "controller/log/sqlite_reader.hpp"
#include "controller/log/sqlite_verify.hpp"
#include "controller/log/sqlite_writer.hpp"

namespace pic::log {
namespace {

std::filesystem::path file_in(const OpenOptions& options) {
    auto file = options.folder / "log.db";
    if (log_exists(file)) return file;
    if (options.read_only)
        throw OpenError("log_io", fmt::format("there is no log in {}", options.folder.string()));
    make_log(file, options.cell, options.now);
    return file;
}

/// The head, where there is no writer that knows it.
Head head_of(SqliteReader& reader) {
    const auto& db = reader.database();
    Head head;
    auto log = db.prepare("SELECT cell, (SELECT max(epoch) FROM epochs) FROM log");
    if (log.step() && log.bytes(0).size() == head.cell.bytes.size()) {
        std::ranges::copy(log.bytes(0), head.cell.bytes.begin());
        head.epoch.value = static_cast<std::uint64_t>(log.integer(1));
    }
    head.hash = genesis_hash(head.cell);
    auto last = db.prepare("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1");
    if (last.step()) {
        head.sequence.value = static_cast<std::uint64_t>(last.integer(0));
        if (last.bytes(1).size() == head.hash.size()) std::ranges::copy(last.bytes(1), head.hash.begin());
    }
    return head;
}

}  // namespace

struct SqliteStore::Impl {
    OpenOptions options;
    FolderLock lock;
    std::filesystem::path file;
    WriterSupply supply;
    std::mutex gate;  ///< held while a transaction is open
    /// Its connection also keeps the WAL's index alive across a reopen(): what a failed commit left in the
    /// WAL stays out of it and is written over.
    std::unique_ptr<Checkpointer> checkpointer;
    std::unique_ptr<SqliteWriter> writer;
    mutable ReaderPool readers;

    mutable std::mutex published_mutex;  // of what follows
    Head published;
    Sequence published_signed;

    explicit Impl(OpenOptions given)
        : options(std::move(given)), lock(options.folder), file(file_in(options)), readers(file) {
        supply = {options.random ? options.random : kernel_random(), options.signer};
        if (options.read_only) {
            sentinel.emplace(file, sqlite::Database::Mode::read_write);
            published = readers.with([](SqliteReader& reader) { return head_of(reader); });
            return;
        }
        try {
            checkpointer = std::make_unique<Checkpointer>(open_for_writing(file), gate);
        } catch (const sqlite::Error& error) {
            throw OpenError(error.damaged() ? "log_damaged" : "log_io", error.what());
        }
        open_writer();
    }

    void open_writer() {
        writer = std::make_unique<SqliteWriter>(open_for_writing(file), supply);
        checkpointer->watch(writer->database());
        publish();
    }

    SqliteWriter& writable() {
        if (options.read_only) throw WriteError("log_io", "the log was opened for reading only");
        if (!writer) throw WriteError("log_io", "the log could not be opened again");
        return *writer;
    }

    void publish() {
        const std::lock_guard guard(published_mutex);
        published = writer->head();
        published_signed = writer->last_signed();
    }

    /// One transaction of the store's own.
    template <class F>
    void transact(F&& work) {
        auto& w = writable();
        const std::lock_guard guard(gate);
        try {
            w.begin();
            work(w);
            w.commit();
        } catch (...) {
            w.rollback();
            throw;
        }
        publish();
    }

    Event upcasted(Event event) const {
        if (options.upcast) options.upcast(event);
        return event;
    }

    std::vector<Event> upcasted(std::vector<Event> events) const {
        if (options.upcast) std::ranges::for_each(events, options.upcast);
        return events;
    }

    std::optional<sqlite::Database> sentinel;  ///< read_only: keeps the WAL's index there for those who read
};

namespace {

class SqliteBatch final : public Batch {
  public:
    SqliteBatch(SqliteWriter& writer, std::mutex& gate, std::function<void()> committed)
        : writer_(writer), gate_(gate), committed_(std::move(committed)) {
        writer_.begin();
    }
    ~SqliteBatch() override { writer_.rollback(); }
    SqliteBatch(const SqliteBatch&) = delete;
    SqliteBatch& operator=(const SqliteBatch&) = delete;

    std::vector<Appended> append(const ChangeInfo& change, std::span<const NewEvent> events) override {
        return writer_.append(change, events);
    }
    StreamVersion stream_version(std::string_view stream) override { return writer_.stream_version(stream); }
    std::optional<RememberedAnswer> recall(const IdempotencyScope& scope, Timestamp now) override {
        return writer_.recall(scope, now);
    }
    void remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now) override {
        writer_.remember(scope, answer, now);
    }
    void commit() override {
        writer_.commit();
        committed_();
        gate_.unlock();
    }

  private:
    SqliteWriter& writer_;
    std::unique_lock<std::mutex> gate_;
    std::function<void()> committed_;
};

}  // namespace

SqliteStore::SqliteStore(OpenOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

SqliteStore::~SqliteStore() {
    if (!impl_->writer) return;
    try {
        sign_head();
    } catch (const WriteError&) {
        // The tail goes unsigned, as after a crash: it is verified at the next start.
    }
}

std::unique_ptr<Batch> SqliteStore::begin() {
    return std::make_unique<SqliteBatch>(impl_->writable(), impl_->gate, [this] { impl_->publish(); });
}

void SqliteStore::reopen() {
    if (impl_->options.read_only) throw OpenError("log_io", "the log was opened for reading only");
    impl_->writer.reset();
    impl_->open_writer();
}

void SqliteStore::sign_with(std::shared_ptr<const Signer> signer) {
    impl_->supply.signer = std::move(signer);
}

void SqliteStore::sign_head() {
    if (!impl_->supply.signer || last_signed() == head().sequence) return;
    impl_->transact([](SqliteWriter& writer) { writer.sign_head(); });
}

Epoch SqliteStore::raise_epoch(Epoch at_least, Timestamp now) {
    impl_->transact([&](SqliteWriter& writer) { writer.raise_epoch(at_least, now); });
    return head().epoch;
}

Head SqliteStore::head() const {
    const std::lock_guard guard(impl_->published_mutex);
    return impl_->published;
}

Sequence SqliteStore::last_signed() const {
    const std::lock_guard guard(impl_->published_mutex);
    return impl_->published_signed;
}

std::vector<Event> SqliteStore::read(Sequence after, std::size_t limit, const Filter& filter) const {
    return impl_->upcasted(
        impl_->readers.with([&](SqliteReader& reader) { return reader.read(after, limit, filter); }));
}

std::optional<Event> SqliteStore::event(Sequence sequence) const {
    auto found = impl_->readers.with([&](SqliteReader& reader) { return reader.event(sequence); });
    if (found) found = impl_->upcasted(*std::move(found));
    return found;
}

void SqliteStore::scan(Sequence after, Sequence to,
                       const std::function<bool(const ScannedEvent&)>& visit) const {
    impl_->readers.with([&](SqliteReader& reader) { reader.scan(after, to, visit); });
}

std::vector<Event> SqliteStore::change(const Uuid& change_id) const {
    return impl_->upcasted(
        impl_->readers.with([&](SqliteReader& reader) { return reader.change(change_id); }));
}

Verdict SqliteStore::verify(Sequence after, Sequence to, std::span<const TrustedKey> trusted,
                            const std::function<void(Sequence)>& progress) const {
    try {
        return impl_->readers.with(
            [&](SqliteReader& reader) { return verify_log(reader, after, to, trusted, progress); });
    } catch (const ReadError& error) {
        return {false, 0, after, after.next(), error.what()};
    }
}

void SqliteStore::copy_to(const std::filesystem::path& file) const {
    impl_->readers.with([&](SqliteReader& reader) { reader.database().copy_to(file); });
}

std::unique_ptr<FileSnapshot> SqliteStore::snapshot() const {
    return impl_->options.read_only ? nullptr : FileSnapshot::take(impl_->file, impl_->gate);
}

}  // namespace pic::log
