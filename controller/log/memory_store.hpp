// A log in memory, with the same promises as the one on disk but the disk's. It is the twin that tests run against, and the
// proof that the contract (tests/log/store_contract.hpp) is one and not a description of SQLite.
#pragma once

#include <map>
#include <shared_mutex>
#include <unordered_map>

#include "controller/log/chain.hpp"
#include "controller/log/store.hpp"

namespace pic::log {

class MemoryStore final : public LogStore {
  public:
    explicit MemoryStore(Uuid cell, Epoch epoch = Epoch{1});

    [[nodiscard]] std::unique_ptr<Batch> begin() override;
    void reopen() override {}
    [[nodiscard]] Head head() const override;
    [[nodiscard]] std::vector<Event> read(Sequence after, std::size_t limit, const Filter& filter) const override;
    [[nodiscard]] std::optional<Event> event(Sequence sequence) const override;
    void scan(Sequence after, Sequence to, const std::function<bool(const ScannedEvent&)>& visit) const override;
    [[nodiscard]] std::vector<Event> change(const Uuid& change_id) const override;
    [[nodiscard]] Verdict verify(Sequence after, Sequence to, const std::function<void(Sequence)>& progress) const override;

  private:
    class MemoryBatch;
    struct Remembered {
        RememberedAnswer answer;
        Timestamp at;
    };
    using ScopeKey = std::tuple<std::string, std::string, std::string, std::string>;

    mutable std::shared_mutex mutex_;
    Uuid cell_;
    Epoch epoch_;
    std::vector<Event> events_;
    std::unordered_map<std::string, StreamVersion> streams_;
    std::map<ScopeKey, Remembered> answers_;
};

/// Whether an event passes a filter.
[[nodiscard]] bool passes(const Event& event, const Filter& filter);

}  // namespace pic::log
