#include "controller/log/memory_store.hpp"

#include <sodium.h>

#include <mutex>

namespace pic::log {
namespace {

Uuid fresh_id(Timestamp at) {
    std::array<std::uint8_t, 10> random;
    randombytes_buf(random.data(), random.size());
    return make_uuid7(at, random);
}

Digest hash_of(ChainHasher& hasher, const Event& e) {
    return hasher.hash(e.previous_hash,
                       {e.sequence, e.id, e.stream, e.version, e.type, e.schema_version, e.data, e.change.change_id,
                        e.change.causation, e.change.actor, e.change.source, e.change.request_id, e.change.at});
}

}  // namespace

bool passes(const Event& e, const Filter& f) {
    return (f.type.empty() || f.type == e.type) && (f.stream.empty() || f.stream == e.stream) &&
           (f.actor.empty() || f.actor == e.change.actor) && (!f.since || e.change.at >= *f.since) &&
           (!f.until || e.change.at <= *f.until);
}

/// Keeps what is new to itself until the commit moves it over.
class MemoryStore::MemoryBatch final : public Batch {
  public:
    explicit MemoryBatch(MemoryStore& store) : store_(store), head_(store.head()) {}

    std::vector<Appended> append(const ChangeInfo& change, std::span<const NewEvent> events) override {
        std::vector<Appended> appended;
        for (const auto& fresh : events) {
            const auto version = stream_version(fresh.stream).next();
            Event e{head_.sequence.next(), fresh_id(change.at), fresh.stream, version, fresh.type, fresh.schema_version,
                    fresh.data, change, head_.hash, {}};
            e.hash = hash_of(hasher_, e);
            head_.sequence = e.sequence;
            head_.hash = e.hash;
            versions_[fresh.stream] = version;
            appended.push_back({e.sequence, e.id, version, e.hash});
            events_.push_back(std::move(e));
        }
        return appended;
    }

    StreamVersion stream_version(std::string_view stream) override {
        const std::string name(stream);
        if (const auto own = versions_.find(name); own != versions_.end()) return own->second;
        const auto known = store_.streams_.find(name);
        return known == store_.streams_.end() ? StreamVersion{} : known->second;
    }

    std::optional<RememberedAnswer> recall(const IdempotencyScope& scope, Timestamp now) override {
        const auto found = [&](const std::map<ScopeKey, Remembered>& answers) -> std::optional<RememberedAnswer> {
            const auto answer = answers.find(key_of(scope));
            if (answer == answers.end() || now.ms - answer->second.at.ms > idempotency_lifetime_ms) return std::nullopt;
            return answer->second.answer;
        };
        auto own = found(answers_);
        return own ? own : found(store_.answers_);
    }

    void remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now) override {
        answers_[key_of(scope)] = {answer, now};
    }

    void commit() override {
        const std::unique_lock lock(store_.mutex_);
        for (auto& e : events_) store_.events_.push_back(std::move(e));
        for (auto& [stream, version] : versions_) store_.streams_[stream] = version;
        for (auto& [key, answer] : answers_) store_.answers_[key] = std::move(answer);
        events_.clear();
        versions_.clear();
        answers_.clear();
    }

  private:
    static ScopeKey key_of(const IdempotencyScope& s) { return {s.actor, s.method, s.path, s.key}; }

    MemoryStore& store_;
    Head head_;
    ChainHasher hasher_;
    std::vector<Event> events_;
    std::unordered_map<std::string, StreamVersion> versions_;
    std::map<ScopeKey, Remembered> answers_;
};

MemoryStore::MemoryStore(Uuid cell, Epoch epoch) : cell_(cell), epoch_(epoch) {}

std::unique_ptr<Batch> MemoryStore::begin() { return std::make_unique<MemoryBatch>(*this); }

Head MemoryStore::head() const {
    const std::shared_lock lock(mutex_);
    if (events_.empty()) return {cell_, epoch_, {}, genesis_hash(cell_)};
    return {cell_, epoch_, events_.back().sequence, events_.back().hash};
}

std::vector<Event> MemoryStore::read(Sequence after, std::size_t limit, const Filter& filter) const {
    const std::shared_lock lock(mutex_);
    std::vector<Event> found;
    for (std::size_t i = after.value; i < events_.size() && found.size() < limit; ++i) {
        if (passes(events_[i], filter)) found.push_back(events_[i]);
    }
    return found;
}

std::optional<Event> MemoryStore::event(Sequence sequence) const {
    const std::shared_lock lock(mutex_);
    if (sequence.value == 0 || sequence.value > events_.size()) return std::nullopt;
    return events_[sequence.value - 1];
}

void MemoryStore::scan(Sequence after, Sequence to, const std::function<bool(const ScannedEvent&)>& visit) const {
    constexpr std::size_t padding = 64;
    constexpr std::size_t page = 1024;
    std::string padded;
    while (after < to) {
        const auto events = read(after, std::min<std::size_t>(page, to.value - after.value), {});
        if (events.empty()) return;
        for (const auto& e : events) {
            padded.assign(e.data);
            padded.append(padding, '\0');
            const std::string_view data(padded.data(), e.data.size());
            if (!visit({e.sequence, e.version, e.type, e.schema_version, data, e.change.at})) return;
            after = e.sequence;
        }
    }
}

std::vector<Event> MemoryStore::change(const Uuid& change_id) const {
    const std::shared_lock lock(mutex_);
    std::vector<Event> found;
    for (const auto& e : events_) {
        if (e.change.change_id == change_id) found.push_back(e);
    }
    return found;
}

Verdict MemoryStore::verify(Sequence after, Sequence to, const std::function<void(Sequence)>& progress) const {
    Verdict verdict;
    ChainHasher hasher;
    verdict.head = after;
    const auto first = event(after);
    Digest previous = first ? first->hash : genesis_hash(cell_);
    for (const auto& e : read(after, to.value - after.value, {})) {
        if (e.previous_hash != previous || e.hash != hash_of(hasher, e)) {
            verdict.ok = false;
            verdict.first_bad = e.sequence;
            verdict.detail = "the event's hash does not match its content";
            return verdict;
        }
        previous = e.hash;
        verdict.head = e.sequence;
        ++verdict.events;
        if (progress) progress(e.sequence);
    }
    return verdict;
}

}  // namespace pic::log
