// A log in memory, with the same promises as the one on disk but the disk's. It is the twin that tests run
// against, and the proof that the contract (tests/log/store_contract.hpp) is one and not a description of
// SQLite. It fails when told to.
#pragma once

#include <map>
#include <shared_mutex>
#include <tuple>
#include <unordered_map>

#include "controller/log/store.hpp"
#include "controller/log/walk.hpp"

namespace pic::log {

class MemoryStore final : public LogStore {
  public:
    explicit MemoryStore(Uuid cell, Epoch epoch = Epoch{1}, RandomSource random = {});

    [[nodiscard]] std::unique_ptr<Batch> begin() override;
    void reopen() override { broken_ = false; }
    void sign_with(std::shared_ptr<const Signer> signer) override { signer_ = std::move(signer); }
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

    /// The next commit throws WriteError with this code and keeps nothing.
    void fail_next_commit(std::string code) { failure_ = std::move(code); }

  private:
    class MemoryBatch;
    struct Remembered {
        RememberedAnswer answer;
        Timestamp at;
    };
    using ScopeKey = std::tuple<std::string, std::string, std::string, std::string>;
    void refuse_if_broken() const;

    RandomSource random_;
    std::shared_ptr<const Signer> signer_;
    bool broken_ = false;
    std::string failure_;

    mutable std::shared_mutex mutex_;  // of what follows
    Uuid cell_;
    Epoch epoch_;
    std::vector<Event> events_;
    std::vector<SignedHead> heads_;
    std::unordered_map<std::string, StreamVersion> streams_;
    std::map<ScopeKey, Remembered> answers_;
};

/// Whether an event passes a filter.
[[nodiscard]] bool passes(const Event& event, const Filter& filter);

}  // namespace pic::log
