// Faults of the write path that were found, each under its name.
#include <catch2/catch.hpp>
#include <stdexcept>

#include "support/write_path.hpp"

using namespace pic;
using namespace pic::test;

namespace {

struct Cell {
    log::MemoryStore store{cell_id, Epoch{1}, counting_random()};
    std::optional<WritePath> path;

    explicit Cell(std::vector<core::Writer::Observer> observers = {}) {
        path.emplace(store, core::Writer::BeforeCommit{}, std::move(observers));
        path->set_up();
    }
};

}  // namespace

// Those before it in the batch were dropped without an answer: their clients saw an internal error.
TEST_CASE("a write that fails in the middle of a batch answers those decided before it") {
    Cell cell;
    std::vector<core::Submission> batch;
    batch.push_back(cell.path->submission("AddPeer", R"({"name":"laptop"})"));
    batch.push_back(cell.path->submission("AddPeer", R"({"name":"phone"})"));
    batch.back().answer = [](const core::Outcome&) -> core::Answer {
        throw log::WriteError("log_full", "no space");
    };
    batch.push_back(cell.path->submission("AddPeer", R"({"name":"tablet"})"));
    for (const auto& answer : cell.path->batch(std::move(batch))) CHECK(code_of(answer) == "log_unwritable");
    CHECK(peer_names(cell.path->world()).empty());
    cell.path->must("AddPeer", R"({"name":"laptop"})");
}

// It turned committed changes into refusals: the vault may fail while tokens are taken into use.
TEST_CASE("an observer that fails takes no acknowledgement back") {
    bool fails = false;
    Cell cell({[&](const World&, const World&) {
        if (fails) throw std::runtime_error("the vault cannot be read");
    }});
    fails = true;
    CHECK(cell.path->run("AddPeer", R"({"name":"laptop"})"));
    fails = false;
    CHECK(cell.path->run("AddPeer", R"({"name":"phone"})"));
    CHECK(text_of(replayed(cell.store)) == text_of(cell.path->world()));
}

TEST_CASE("a receiver that fails concerns nobody else in the batch") {
    Cell cell;
    auto bad = cell.path->submission("AddPeer", R"({"name":"laptop"})");
    bad.done = [](Result<core::Answer>) { throw std::runtime_error("nobody is there"); };
    cell.path->writer().submit(std::move(bad));
    CHECK(cell.path->run("AddPeer", R"({"name":"phone"})"));
    CHECK(peer_names(cell.path->world()).size() == 2);
}

// The second undo found nothing left to undo and was refused, though its key remembers the first one's
// answer.
TEST_CASE("a repeated undo gets the first one's answer") {
    Cell cell;
    core::History history(cell.store);
    auto& path = *cell.path;
    path.must("AddPeer", R"({"name":"laptop"})");
    const auto added = cell.store.head().sequence;
    const auto undo = [&] {
        auto plan = core::plan_undo(cell.store, history, path.world(), added);
        auto submission = path.submission(std::vector<AnyCommand>{});
        if (plan) {
            submission.commands = std::move(plan->commands);
        } else {
            submission.refused = plan.error();
        }
        return path.keyed(std::move(submission), "undo-1", "body");
    };
    const auto first = path.run(undo());
    REQUIRE(first);
    const auto again = path.run(undo());
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->body == first->body);
    CHECK(again->sequence == first->sequence);
    auto another = undo();
    another.key->key = "undo-2";
    CHECK(code_of(path.run(std::move(another))) == "undo_overlap");
}

// The peers to bring back were remembered by pointers into nodes that the comparison had made for itself and
// dropped.
TEST_CASE("a restore over many peers that came and went reads what is there") {
    Cell cell;
    auto& path = *cell.path;
    for (int i = 0; i < 40; ++i) path.must("AddPeer", R"({"name":"early)" + std::to_string(i) + "\"}");
    const auto then = cell.store.head().sequence;
    const auto names = peer_names(path.world());
    path.world().get<peers::Service>().peers.for_each([&](const Uuid& id, const peers::Peer& peer) {
        if (peer.settings.name.text.back() % 2 == 0)
            path.must("RemovePeer", R"({"id":")" + to_string(id) + "\"}");
    });
    for (int i = 0; i < 40; ++i) path.must("AddPeer", R"({"name":"late)" + std::to_string(i) + "\"}");
    core::History history(cell.store);
    auto plan = core::plan_restore(history, path.world(), then);
    REQUIRE(plan);
    for (auto& command : plan->commands) command->prepare(path.supply());
    REQUIRE(path.run(path.submission(std::move(plan->commands))));
    CHECK(peer_names(path.world()) == names);
}
