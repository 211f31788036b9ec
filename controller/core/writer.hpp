// The one writer: the thread that decides, appends and publishes. Concurrent change-sets share one
// transaction and one fsync; each is decided against a tentative world that is thrown away if it is refused,
// so that a refusal never touches its neighbours, and as a whole if the commit fails. An answer is given
// after the commit, never before.
//
// Rejected: deciding on the callers' threads with optimistic retries, which is faster only where commands
// rarely meet, and loses the one place where uniqueness across streams is certain.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/core/rehearsal.hpp"
#include "controller/log/store.hpp"

namespace pic::core {

/// What the caller is told of a change that was made.
struct Answer {
    int status = 200;
    std::string etag, location;
    Sequence sequence;  ///< of the change's last event; where it made none, of the log's
    std::string body;
    std::optional<std::string>
        kept_body;          ///< what a repeated request gets, where it differs: one-time secrets left out
    bool repeated = false;  ///< this is the answer of the first request with the same key
};

/// What a change-set came to, for the function that makes the answer.
struct Outcome {
    const World& world;  ///< after the change
    const std::vector<log::Appended>& appended;
    const std::vector<NewEvent>& events;  ///< as many, in the same order
    const std::vector<ResourceName>& resources;
    Sequence sequence;
};

/// A stream that must not have moved on since the caller looked.
struct Expectation {
    std::string stream;
    StreamVersion version;
};

struct Submission {
    ChangeInfo info;
    std::vector<AnyCommand> commands;  ///< prepared
    /// The change was refused before it came here (it was computed from a log that has moved on since):
    /// nothing but the answer that its key remembers can still be given.
    std::optional<Rejection> refused;
    std::optional<StreamVersion> if_match;     ///< of the first command's resource: else `stale_version`
    std::vector<Expectation> expected;         ///< else `stale_version`
    std::optional<log::IdempotencyScope> key;  ///< scope.key is checked by the caller
    Digest request_body{};  ///< compared where the key is known: else `idempotency_mismatch`
    /// Pure; called on the writer's thread before the commit, and again where a neighbour spoilt the batch.
    std::move_only_function<Answer(const Outcome&)> answer;
    /// Called exactly once, on the writer's thread, after the commit or with the refusal. Must not block.
    std::move_only_function<void(Result<Answer>)> done;
};

class Writer {
  public:
    /// Told of every commit on the writer's thread, before the answers are given. Must be quick. What it
    /// throws is logged: a commit cannot be taken back.
    using Observer = std::function<void(const World& before, const World& after)>;
    /// Puts on the disk what the batch's events refer to, just before the log's own commit. It is given the
    /// world that will be the newest once that commit is through. A rejection refuses the batch.
    using BeforeCommit = std::function<Result<void>(const std::shared_ptr<const World>& next)>;
    /// Told which step of a batch was just done, for crash tests: "decided" (nothing on the disk yet),
    /// "sealed" (the vault committed), "committed" (the log), "published" (observers told), "answered".
    using Step = std::function<void(std::string_view)>;

    /// `world` is the state at the log's head. The store and what the functions use must outlive the writer.
    Writer(log::LogStore& store, World world, std::vector<Observer> observers,
           BeforeCommit before_commit = {}, Step step = {});
    ~Writer();  ///< stop()
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Any thread. Refused by `done`: "shutting_down", "overloaded" (queue_limit), "read_only",
    /// "log_unwritable", what the step before the commit refused with, or a rule.
    void submit(Submission submission);
    /// The newest committed state. Any thread.
    [[nodiscard]] std::shared_ptr<const World> world() const;

    /// From now on every command is refused with `read_only` and this sentence (a fault was found in the
    /// log).
    void make_read_only(std::string why);
    [[nodiscard]] std::optional<std::string> read_only() const;

    /// Ends what is queued, then the thread. Idempotent.
    void stop();

    static constexpr std::size_t queue_limit = 8192;  ///< change-sets waiting
    static constexpr std::size_t batch_limit = 256;   ///< change-sets in one transaction

    struct Counters {
        std::uint64_t batches = 0, changes = 0, events = 0, refused = 0;
    };
    [[nodiscard]] Counters counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pic::core
