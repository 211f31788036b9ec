// The write path for tests: a writer over any store, commands from JSON with ids, keys and times that are the
// same in every run, and batches whose members are known: the writer is held back until all of them wait.
#pragma once

#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "controller/core/history.hpp"
#include "controller/core/undo.hpp"
#include "controller/core/writer.hpp"
#include "log/log_fixture.hpp"
#include "projections/scene.hpp"

namespace pic::test {

/// What became of a change: "" where it was made, else the code of the refusal.
[[nodiscard]] std::string code_of(const Result<core::Answer>& answer);

/// Something that cannot be decided, as a fault of ours would have it.
[[nodiscard]] AnyCommand broken_command();

/// Something that is decided and then breaks evolve() in the midst of its events.
[[nodiscard]] AnyCommand unfoldable_command();

class WritePath {
  public:
    explicit WritePath(log::LogStore& store, core::Writer::BeforeCommit before_commit = {},
                       std::vector<core::Writer::Observer> observers = {}, core::Writer::Step step = {});

    /// Decoded and prepared.
    [[nodiscard]] Result<AnyCommand> decoded(std::string_view type, std::string_view json = "{}");
    [[nodiscard]] AnyCommand command(std::string_view type, std::string_view json = "{}");
    [[nodiscard]] core::Submission submission(std::vector<AnyCommand> commands);
    [[nodiscard]] core::Submission submission(std::string_view type, std::string_view json = "{}");
    /// With an idempotency key; the body's digest is that of `body`.
    [[nodiscard]] core::Submission keyed(core::Submission submission, std::string key, std::string_view body);

    [[nodiscard]] std::future<Result<core::Answer>> submit(core::Submission submission);
    /// Waits for the answer.
    Result<core::Answer> run(core::Submission submission);
    Result<core::Answer> run(std::string_view type, std::string_view json = "{}");
    /// run() that must succeed.
    core::Answer must(std::string_view type, std::string_view json = "{}");
    /// All in one transaction, in this order; their answers. `meanwhile` is called when they all wait.
    std::vector<Result<core::Answer>> batch(std::vector<core::Submission> submissions,
                                            const std::function<void()>& meanwhile = {});

    /// Where commands get their ids and keys from now on.
    WritePath& with(Supply& supply);
    WritePath& set_up();

    [[nodiscard]] core::Writer& writer() { return writer_; }
    [[nodiscard]] World world() const { return *writer_.world(); }
    [[nodiscard]] log::LogStore& store() { return store_; }
    [[nodiscard]] Supply& supply() { return *supply_; }

  private:
    log::LogStore& store_;
    FakeSupply own_supply_;
    Supply* supply_ = &own_supply_;
    std::uint64_t changes_ = 0;
    core::Writer writer_;
};

/// The state as one text, to be compared.
[[nodiscard]] inline std::string text_of(const World& world) { return snapshot_world(world); }
/// The names of the peers, sorted.
[[nodiscard]] std::vector<std::string> peer_names(const World& world);
/// What a replay of the whole log comes to.
[[nodiscard]] World replayed(const log::LogStore& store);

}  // namespace pic::test
