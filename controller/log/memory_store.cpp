#include "controller/log/memory_store.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace pic::log {
namespace {

constexpr std::size_t scan_page =
    1024;  ///< events copied at a time, so that a scan holds no lock while it visits

}  // namespace

bool passes(const Event& e, const Filter& f) {
    return (f.type.empty() || f.type == e.type) && (f.stream.empty() || f.stream == e.stream) &&
           (f.actor.empty() || f.actor == e.change.actor) &&
           (f.source.empty() || f.source == e.change.source) &&
           (f.request_id.empty() || f.request_id == e.change.request_id) &&
           (!f.since || e.change.at >= *f.since) && (!f.until || e.change.at < *f.until);
}

/// Keeps what is new to itself until the commit moves it over.
class MemoryStore::MemoryBatch final : public Batch {
  public:
    explicit MemoryBatch(MemoryStore& store) : store_(store), head_(store.head()) {}

    std::vector<Appended> append(const ChangeInfo& change, std::span<const NewEvent> events) override {
        std::vector<Appended> appended;
        for (const auto& fresh : events) {
            const auto version = stream_version(fresh.stream).next();
            Event e{head_.sequence.next(),
                    make_uuid7(change.at, store_.random_()),
                    fresh.stream,
                    version,
                    fresh.type,
                    fresh.schema_version,
                    fresh.data,
                    change,
                    head_.hash,
                    {}};
            e.hash = hasher_.hash(head_.hash, view_of(e));
            head_.sequence = e.sequence;
            head_.hash = e.hash;
            versions_[fresh.stream] = version;
            if (store_.signer_ && e.sequence.value % signature_interval == 0) {
                heads_.push_back(log::sign_head(*store_.signer_, head_));
            }
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
        const auto find =
            [&](const std::map<ScopeKey, Remembered>& answers) -> std::optional<RememberedAnswer> {
            const auto answer = answers.find(key_of(scope));
            if (answer == answers.end() || has_expired(answer->second.at, now)) return std::nullopt;
            return answer->second.answer;
        };
        auto own = find(answers_);
        return own ? own : find(store_.answers_);
    }

    void remember(const IdempotencyScope& scope, const RememberedAnswer& answer, Timestamp now) override {
        answers_[key_of(scope)] = {answer, now};
    }

    void commit() override {
        if (!store_.failure_.empty()) {
            store_.broken_ = true;
            throw WriteError(std::exchange(store_.failure_, {}), "the commit was told to fail");
        }
        const std::unique_lock lock(store_.mutex_);
        std::ranges::move(events_, std::back_inserter(store_.events_));
        std::ranges::move(heads_, std::back_inserter(store_.heads_));
        for (const auto& [stream, version] : versions_) store_.streams_[stream] = version;
        for (auto& [key, answer] : answers_) store_.answers_[key] = std::move(answer);
        events_.clear();
        heads_.clear();
        versions_.clear();
        answers_.clear();
    }

  private:
    static ScopeKey key_of(const IdempotencyScope& s) { return {s.actor, s.method, s.path, s.key}; }

    MemoryStore& store_;
    Head head_;
    ChainHasher hasher_;
    std::vector<Event> events_;
    std::vector<SignedHead> heads_;
    std::unordered_map<std::string, StreamVersion> versions_;
    std::map<ScopeKey, Remembered> answers_;
};

MemoryStore::MemoryStore(Uuid cell, Epoch epoch, RandomSource random)
    : random_(random ? std::move(random) : kernel_random()), cell_(cell), epoch_(epoch) {}

void MemoryStore::refuse_if_broken() const {
    if (broken_) throw WriteError("log_io", "an earlier write failed; the log must be opened again");
}

std::unique_ptr<Batch> MemoryStore::begin() {
    refuse_if_broken();
    return std::make_unique<MemoryBatch>(*this);
}

void MemoryStore::sign_head() {
    refuse_if_broken();
    const auto now = head();
    if (!signer_ || now.sequence.value == 0 || last_signed() == now.sequence) return;
    const std::unique_lock lock(mutex_);
    heads_.push_back(log::sign_head(*signer_, now));
}

Epoch MemoryStore::raise_epoch(Epoch at_least, Timestamp /*now*/) {
    refuse_if_broken();
    const std::unique_lock lock(mutex_);
    epoch_ = std::max(epoch_.next(), at_least);
    return epoch_;
}

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

void MemoryStore::scan(Sequence after, Sequence to,
                       const std::function<bool(const ScannedEvent&)>& visit) const {
    std::string padded;
    std::unordered_map<std::string, std::uint32_t> type_ids;
    while (after < to) {
        const auto events = read(after, std::min<std::size_t>(scan_page, to.value - after.value));
        if (events.empty()) return;
        for (const auto& e : events) {
            padded.assign(e.data);
            padded.append(scan_padding, '\0');
            const auto id =
                type_ids.try_emplace(e.type, static_cast<std::uint32_t>(type_ids.size() + 1)).first->second;
            const std::string_view data(padded.data(), e.data.size());
            if (!visit({e.sequence, e.version, e.type, id, e.schema_version, data, e.change.at})) return;
            after = e.sequence;
        }
    }
}

std::vector<Event> MemoryStore::change(const Uuid& change_id) const {
    const std::shared_lock lock(mutex_);
    std::vector<Event> found;
    std::ranges::copy_if(events_, std::back_inserter(found),
                         [&](const Event& e) { return e.change.change_id == change_id; });
    return found;
}

Sequence MemoryStore::last_signed() const {
    const std::shared_lock lock(mutex_);
    return heads_.empty() ? Sequence{} : heads_.back().sequence;
}

Verdict MemoryStore::verify(Sequence after, Sequence to, std::span<const TrustedKey> trusted,
                            const std::function<void(Sequence)>& progress) const {
    const std::shared_lock lock(mutex_);
    to = std::min(to, Sequence{events_.size()});
    after = std::min(after, to);
    WalkPlan plan{cell_, after, after.value ? events_[after.value - 1].hash : genesis_hash(cell_),
                  to,    {},    trusted};
    std::ranges::copy_if(heads_, std::back_inserter(plan.heads),
                         [&](const SignedHead& h) { return h.sequence >= after && h.sequence <= to; });
    ChainWalk walk(std::move(plan));
    ChainHasher hasher;
    std::unordered_map<std::string_view, std::uint64_t> stream_ids;
    for (auto i = after.value; i < to.value; ++i) {
        const auto& e = events_[i];
        const auto columns = view_of(e);
        if (hasher.hash(e.previous_hash, columns) != e.hash)
            walk.fault(e.sequence, std::string(content_fault));
        if (!walk.link(columns, stream_ids.try_emplace(e.stream, stream_ids.size()).first->second,
                       e.previous_hash, e.hash)) {
            break;
        }
        if (progress) progress(e.sequence);
    }
    return walk.finish();
}

}  // namespace pic::log
