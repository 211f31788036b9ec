#include "support/write_path.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "projections/services/services.hpp"
#include "schema/sha256.hpp"

namespace pic::test {
namespace {

class BrokenCommand final : public Command {
  public:
    [[nodiscard]] std::string_view type() const override { return "Broken"; }
    void prepare(Supply&) override {}
    [[nodiscard]] Result<Decision> decide(const World&) const override { throw std::runtime_error("broken"); }
};

/// Its first event is good, its second one cannot be folded into any world.
class UnfoldableCommand final : public Command {
  public:
    [[nodiscard]] std::string_view type() const override { return "Unfoldable"; }
    void prepare(Supply&) override {}
    [[nodiscard]] Result<Decision> decide(const World&) const override {
        Decision decision;
        decision.emit("service-dns", services::ServiceSwitched{"dns", false});
        decision.events.push_back({"service-dns", "NoSuchEvent", 1, "{}"});
        return decision;
    }
};

/// What an answer of these tests says: the change's events.
core::Answer describe(const core::Outcome& outcome) {
    core::Answer answer;
    answer.status = 201;
    for (std::size_t i = 0; i < outcome.events.size(); ++i) {
        answer.body += fmt::format("{}@{} ", outcome.events[i].type, outcome.appended.at(i).sequence.value);
    }
    return answer;
}

}  // namespace

std::string code_of(const Result<core::Answer>& answer) { return answer ? "" : answer.error().code; }

AnyCommand broken_command() { return std::make_unique<BrokenCommand>(); }

AnyCommand unfoldable_command() { return std::make_unique<UnfoldableCommand>(); }

WritePath::WritePath(log::LogStore& store, core::Writer::BeforeCommit before_commit,
                     std::vector<core::Writer::Observer> observers, core::Writer::Step step)
    : store_(store),
      writer_(store, replayed(store), std::move(observers), std::move(before_commit), std::move(step)) {}

Result<AnyCommand> WritePath::decoded(std::string_view type, std::string_view json) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(json);
    simdjson::dom::element element;
    if (parser.parse(padded).get(element) != simdjson::SUCCESS)
        return reject("malformed_json", std::string(json));
    auto made = decode_command(type, element);
    if (made) (*made)->prepare(*supply_);
    return made;
}

AnyCommand WritePath::command(std::string_view type, std::string_view json) {
    auto made = decoded(type, json);
    INFO(type << " " << json << (made ? "" : ": " + made.error().detail));
    REQUIRE(made);
    return std::move(*made);
}

core::Submission WritePath::submission(std::vector<AnyCommand> commands) {
    core::Submission made;
    made.info = change(store_.head().sequence.value * 1000 + ++changes_);
    made.commands = std::move(commands);
    made.answer = describe;
    return made;
}

core::Submission WritePath::submission(std::string_view type, std::string_view json) {
    std::vector<AnyCommand> one;
    one.push_back(command(type, json));
    return submission(std::move(one));
}

core::Submission WritePath::keyed(core::Submission submission, std::string key, std::string_view body) {
    submission.key = log::IdempotencyScope{"user:alice", "POST", "/api/v1/peers", std::move(key)};
    submission.request_body = sha256(body);
    return submission;
}

std::future<Result<core::Answer>> WritePath::submit(core::Submission submission) {
    std::promise<Result<core::Answer>> promise;
    auto answer = promise.get_future();
    submission.done = [promise = std::move(promise)](Result<core::Answer> made) mutable {
        promise.set_value(std::move(made));
    };
    writer_.submit(std::move(submission));
    return answer;
}

Result<core::Answer> WritePath::run(core::Submission submission) {
    return submit(std::move(submission)).get();
}

Result<core::Answer> WritePath::run(std::string_view type, std::string_view json) {
    return run(submission(type, json));
}

core::Answer WritePath::must(std::string_view type, std::string_view json) {
    auto made = run(type, json);
    INFO(type << " " << json << (made ? "" : ": " + made.error().code + ", " + made.error().detail));
    REQUIRE(made);
    return *std::move(made);
}

std::vector<Result<core::Answer>> WritePath::batch(std::vector<core::Submission> submissions,
                                                   const std::function<void()>& meanwhile) {
    std::promise<void> held, release;
    core::Submission holding;  // makes nothing; its answer waits on the writer's thread
    holding.info = change(0);
    holding.answer = describe;
    holding.done = [&](Result<core::Answer>) {
        held.set_value();
        release.get_future().wait();
    };
    writer_.submit(std::move(holding));
    held.get_future().wait();
    std::vector<std::future<Result<core::Answer>>> waiting;
    for (auto& submission : submissions) waiting.push_back(submit(std::move(submission)));
    if (meanwhile) meanwhile();
    release.set_value();
    std::vector<Result<core::Answer>> answers;
    for (auto& answer : waiting) answers.push_back(answer.get());
    return answers;
}

WritePath& WritePath::with(Supply& supply) {
    supply_ = &supply;
    return *this;
}

WritePath& WritePath::set_up() {
    must("SetUpCell", R"({"cell_name":"home","domain":"home.example","vpn_range":"10.8.0.0/24"})");
    must("RotateWireguardKey");
    return *this;
}

std::vector<std::string> peer_names(const World& world) {
    std::vector<std::string> names;
    world.get<peers::Service>().peers.for_each(
        [&](const Uuid&, const peers::Peer& peer) { names.push_back(peer.settings.name.text); });
    std::ranges::sort(names);
    return names;
}

World replayed(const log::LogStore& store) {
    World world;
    core::replay(store, world, store.head().sequence);
    return world;
}

}  // namespace pic::test
