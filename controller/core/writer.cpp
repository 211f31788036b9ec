#include "controller/core/writer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace pic::core {
namespace {

/// A change-set broke while it was made, and spoilt what its neighbours in the batch stand on. Nothing of the
/// batch has been committed.
struct Spoilt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace

struct Writer::Impl {
    log::LogStore& store;
    std::vector<Observer> observers;
    BeforeCommit before_commit;
    Step step;
    Evolver evolver;

    mutable std::mutex mutex;  // of what follows, up to the blank line
    std::condition_variable wake;
    std::deque<Submission> queue;
    bool stopping = false;
    std::optional<std::string> read_only;
    std::shared_ptr<const World> published;

    bool broken = false;  // the writer's thread alone
    std::atomic<std::uint64_t> batches{0}, changes{0}, events{0}, refused{0};
    std::thread thread;

    Impl(log::LogStore& log, World world, std::vector<Observer> told, BeforeCommit before, Step steps)
        : store(log),
          observers(std::move(told)),
          before_commit(std::move(before)),
          step(std::move(steps)),
          published(std::make_shared<World>(std::move(world))) {}

    /// Gives an answer, once. What its receiver throws concerns nobody else in the batch.
    void finish(Submission& submission, Result<Answer> answer) {
        if (!answer) ++refused;
        auto done = std::exchange(submission.done, nullptr);
        guard("the receiver of an answer", [&] { done(std::move(answer)); });
    }

    void refuse(Submission& submission, Rejection why) {
        finish(submission, std::unexpected(std::move(why)));
    }

    void refuse_all(std::vector<Submission>& batch, const Rejection& why) {
        for (auto& submission : batch) refuse(submission, why);
    }

    template <class F>
    static void guard(std::string_view who, F&& call) {
        try {
            call();
        } catch (const std::exception& error) {
            spdlog::error("internal: {} failed after a commit: {}", who, error.what());
        }
    }

    void reached(std::string_view what) const {
        if (step) step(what);
    }

    /// The next change-sets to be made together; none when the writer is to end.
    std::vector<Submission> take() {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || !queue.empty(); });
        std::vector<Submission> batch;
        while (!queue.empty() && batch.size() < batch_limit) {
            batch.push_back(std::move(queue.front()));
            queue.pop_front();
        }
        return batch;
    }

    void run() {
        for (auto batch = take(); !batch.empty(); batch = take()) write(batch);
    }

    std::shared_ptr<const World> current() const {
        const std::lock_guard lock(mutex);
        return published;
    }

    /// After a failed write: opens the store again and takes in what the failed batch may have left there
    /// whole.
    void recover() {
        store.reopen();
        World world = *current();
        store.scan(world.sequence, store.head().sequence, [&](const log::ScannedEvent& e) {
            evolver.apply(
                world, EventView{e.type, e.schema_version, e.data, Meta{e.sequence, e.version, e.at}, true});
            return true;
        });
        publish(std::make_shared<const World>(std::move(world)));
        broken = false;
    }

    void write(std::vector<Submission>& batch) {
        if (const auto why = why_read_only()) return refuse_all(batch, {"read_only", *why});
        try {
            if (broken) recover();
            commit(batch);
        } catch (const Spoilt& fault) {
            part(batch, fault);
        } catch (const log::WriteError& error) {
            fail(batch, error.code, error.what());
        } catch (const log::OpenError& error) {
            fail(batch, error.code, error.what());
        } catch (const std::exception& error) {
            fail(batch, "internal", error.what());
        }
    }

    /// Each alone, so that the one that cannot be made costs nobody else.
    void part(std::vector<Submission>& batch, const Spoilt& fault) {
        if (batch.size() == 1) {
            spdlog::error("internal: a change-set could not be made: {}", fault.what());
            return refuse(batch.front(),
                          {"internal", "the change could not be made; the daemon's log says why"});
        }
        for (auto& submission : batch) {
            std::vector<Submission> alone;
            alone.push_back(std::move(submission));
            write(alone);
        }
    }

    std::optional<std::string> why_read_only() const {
        const std::lock_guard lock(mutex);
        return read_only;
    }

    void fail(std::vector<Submission>& batch, std::string_view code, std::string_view detail) {
        broken = true;
        spdlog::error("log_unwritable: the log cannot be written ({}): {}", code, detail);
        refuse_all(batch, {"log_unwritable",
                           fmt::format("the log cannot be written, nothing is acknowledged: {}", detail)});
    }

    void commit(std::vector<Submission>& batch) {
        const auto before = current();
        const auto next = std::make_shared<World>(*before);
        World& tentative = *next;
        auto transaction = store.begin();
        std::vector<Result<Answer>> answers;
        answers.reserve(batch.size());
        for (auto& submission : batch) answers.push_back(make_or_spoil(submission, tentative, *transaction));
        reached("decided");
        const auto made = static_cast<std::uint64_t>(
            std::ranges::count_if(answers, [](const auto& a) { return a.has_value(); }));
        if (made != 0) {
            // Also those that a rule refused: it may have been a neighbour's tentative change that stood in
            // their way.
            if (auto ready = prepare_commit(next); !ready) {
                transaction.reset();
                return refuse_all(batch, ready.error());
            }
            reached("sealed");
            transaction->commit();
            reached("committed");
        }
        transaction.reset();
        ++batches;
        changes += made;
        events += next->sequence.value - before->sequence.value;
        publish(next);
        reached("published");
        for (std::size_t i = 0; i < batch.size(); ++i) finish(batch[i], std::move(answers[i]));
        reached("answered");
    }

    Result<void> prepare_commit(const std::shared_ptr<const World>& next) const {
        if (!before_commit) return {};
        return before_commit(next);
    }

    Result<Answer> make_or_spoil(Submission& submission, World& tentative, log::Batch& transaction) {
        try {
            return make(submission, tentative, transaction);
        } catch (const log::WriteError&) {
            throw;
        } catch (const log::OpenError&) {
            throw;
        } catch (const std::exception& fault) {
            throw Spoilt(fault.what());
        }
    }

    Result<Answer> make(Submission& submission, World& tentative, log::Batch& transaction) {
        if (submission.key) {
            if (auto first = transaction.recall(*submission.key, submission.info.at))
                return repeat(submission, *std::move(first));
        }
        if (submission.refused) return std::unexpected(*submission.refused);
        const VersionOf version_of = [&](std::string_view stream) {
            return transaction.stream_version(stream);
        };
        for (const auto& e : submission.expected) {
            if (version_of(e.stream) != e.version)
                return reject("stale_version", fmt::format("{} has been changed meanwhile", e.stream));
        }
        auto made = submission.commands.size() == 1 ? decide_alone(submission, tentative, version_of)
                                                    : decide_together(submission, tentative, version_of);
        if (!made) return std::unexpected(std::move(made.error()));
        const auto appended = transaction.append(submission.info, made->events);
        auto answer = submission.answer(
            Outcome{tentative, appended, made->events, made->resources, tentative.sequence});
        answer.sequence = tentative.sequence;
        if (submission.key) keep(submission, answer, transaction);
        return answer;
    }

    /// Most change-sets are one command: decided first and then folded in place, it needs no world to be
    /// thrown away, and the paths to what it changes are not copied once more for each command of a batch.
    Result<Rehearsal> decide_alone(const Submission& submission, World& world, const VersionOf& version_of) {
        auto decision = guarded([&] { return submission.commands.front()->decide(world); });
        if (!decision) return std::unexpected(std::move(decision.error()));
        if (auto current = check_match(submission, decision->resource, version_of); !current)
            return std::unexpected(std::move(current.error()));
        Rehearsal made;
        Folding(world, evolver, submission.info.at, version_of).fold(*std::move(decision), made);
        return made;
    }

    Result<Rehearsal> decide_together(const Submission& submission, World& world,
                                      const VersionOf& version_of) {
        World after = world;
        auto made = guarded(
            [&] { return rehearse(after, evolver, submission.commands, submission.info.at, version_of); });
        if (!made) return made;
        if (!made->resources.empty()) {
            if (auto current = check_match(submission, made->resources.front(), version_of); !current)
                return std::unexpected(std::move(current.error()));
        }
        world = std::move(after);
        return made;
    }

    static Result<void> check_match(const Submission& submission, const ResourceName& resource,
                                    const VersionOf& version_of) {
        if (!submission.if_match) return {};
        const auto version = version_of(resource.stream);
        if (version == *submission.if_match) return {};
        return reject("stale_version", fmt::format("it has been changed meanwhile: its version is {}, not {}",
                                                   version.value, submission.if_match->value));
    }

    /// A fault in a decider costs its own change-set, not its neighbours'.
    template <class F>
    static auto guarded(F&& decide) -> decltype(decide()) {
        try {
            return decide();
        } catch (const std::exception& error) {
            spdlog::error("internal: a change-set could not be decided: {}", error.what());
            return reject("internal", "the change could not be decided; the daemon's log says why");
        }
    }

    static Result<Answer> repeat(const Submission& submission, log::RememberedAnswer first) {
        if (first.request_body != submission.request_body) {
            return reject("idempotency_mismatch", "this Idempotency-Key was used with another request");
        }
        return Answer{first.status,
                      std::move(first.etag),
                      std::move(first.location),
                      first.sequence,
                      std::move(first.body),
                      std::nullopt,
                      true};
    }

    static void keep(const Submission& submission, const Answer& answer, log::Batch& transaction) {
        log::RememberedAnswer kept{
            submission.request_body, answer.status,   answer.etag,
            answer.location,         answer.sequence, answer.kept_body.value_or(answer.body)};
        transaction.remember(*submission.key, kept, submission.info.at);
    }

    void publish(const std::shared_ptr<const World>& after) {
        const auto before = current();
        {
            const std::lock_guard lock(mutex);
            published = after;
        }
        if (before->sequence == after->sequence) return;
        for (const auto& observer : observers) {
            guard("an observer", [&] { observer(*before, *after); });
        }
    }
};

Writer::Writer(log::LogStore& store, World world, std::vector<Observer> observers, BeforeCommit before_commit,
               Step step)
    : impl_(std::make_unique<Impl>(store, std::move(world), std::move(observers), std::move(before_commit),
                                   std::move(step))) {
    impl_->thread = std::thread([this] { impl_->run(); });
}

Writer::~Writer() { stop(); }

void Writer::submit(Submission submission) {
    std::optional<Rejection> why;
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->stopping) {
            why = Rejection{"shutting_down", "the controller is stopping; try again in a moment"};
        } else if (impl_->read_only) {
            why = Rejection{"read_only", *impl_->read_only};
        } else if (impl_->queue.size() >= queue_limit) {
            why = Rejection{"overloaded", "too many changes are waiting; try again in a moment"};
        } else {
            impl_->queue.push_back(std::move(submission));
        }
    }
    if (why) return impl_->refuse(submission, std::move(*why));
    impl_->wake.notify_one();
}

std::shared_ptr<const World> Writer::world() const { return impl_->current(); }

void Writer::make_read_only(std::string why) {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->read_only) impl_->read_only = std::move(why);
}

std::optional<std::string> Writer::read_only() const { return impl_->why_read_only(); }

void Writer::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_all();
    if (impl_->thread.joinable()) impl_->thread.join();
}

Writer::Counters Writer::counters() const {
    return {impl_->batches, impl_->changes, impl_->events, impl_->refused};
}

}  // namespace pic::core
