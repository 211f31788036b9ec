// The one writer: batches, refusals, repetitions, expectations, and what a failure costs.
#include <catch2/catch.hpp>

#include "projections/services/services.hpp"
#include "support/write_path.hpp"

using namespace pic;
using namespace pic::test;
using Names = std::vector<std::string>;

namespace {

log::MemoryStore memory() { return log::MemoryStore(cell_id, Epoch{1}, counting_random()); }

std::vector<std::string> codes(const std::vector<Result<core::Answer>>& answers) {
    std::vector<std::string> all;
    for (const auto& answer : answers) all.push_back(code_of(answer));
    return all;
}

template <class... S>
std::vector<core::Submission> together(S... submissions) {
    std::vector<core::Submission> all;
    (all.push_back(std::move(submissions)), ...);
    return all;
}

std::vector<AnyCommand> set_of(AnyCommand one, AnyCommand two) {
    std::vector<AnyCommand> set;
    set.push_back(std::move(one));
    set.push_back(std::move(two));
    return set;
}

}  // namespace

TEST_CASE("a refused command harms none of its neighbours in the batch") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto batches = path.writer().counters().batches;
    std::vector<AnyCommand> broken;
    broken.push_back(broken_command());
    const auto answers = path.batch(together(path.submission("AddPeer", R"({"name":"laptop"})"),
                                             path.submission("AddPeer", R"({"name":"laptop"})"),
                                             path.submission(std::move(broken)),
                                             path.submission("AddPeer", R"({"name":"phone"})")));
    CHECK(codes(answers) == Names{"", "name_taken", "internal", ""});
    CHECK(path.writer().counters().batches == batches + 2);  // the one that held the writer, and ours
    CHECK(peer_names(path.world()) == Names{"laptop", "phone"});
    CHECK(text_of(replayed(store)) == text_of(path.world()));
    CHECK(answers[3]->sequence == store.head().sequence);
}

TEST_CASE("a command whose events cannot be folded harms none of its neighbours in the batch") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    std::vector<AnyCommand> broken;
    broken.push_back(unfoldable_command());
    const auto keyed = [&] {
        return path.keyed(path.submission("AddPeer", R"({"name":"tablet"})"), "key", "body");
    };
    const auto answers = path.batch(together(path.submission("AddPeer", R"({"name":"laptop"})"), keyed(),
                                             path.submission(std::move(broken)),
                                             path.submission("AddPeer", R"({"name":"phone"})")));
    CHECK(codes(answers) == Names{"", "", "internal", ""});
    CHECK(peer_names(path.world()) == Names{"laptop", "phone", "tablet"});
    CHECK(services::is_enabled(path.world(), "dns"));  // nothing of it is left
    CHECK(text_of(replayed(store)) == text_of(path.world()));
    CHECK(path.run(keyed())->sequence == answers[1]->sequence);  // made once
    CHECK(code_of(path.run("AddPeer", R"({"name":"watch"})")).empty());
}

TEST_CASE("a change-set is made whole or not at all") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto before = text_of(path.world());
    const auto answers =
        path.batch(together(path.submission(set_of(path.command("AddPeer", R"({"name":"laptop"})"),
                                                   path.command("AddPeer", R"({"name":"laptop"})"))),
                            path.submission(set_of(path.command("AddPeer", R"({"name":"laptop"})"),
                                                   path.command("AddPeer", R"({"name":"phone"})")))));
    REQUIRE(codes(answers) == Names{"name_taken", ""});
    CHECK(answers[0].error().errors.front().pointer == "/commands/1/data/name");
    CHECK(peer_names(path.world()) == Names{"laptop", "phone"});
    // Its events share a change, and nothing lies between them.
    const auto last = store.event(store.head().sequence);
    const auto set = store.change(last->change.change_id);
    REQUIRE(set.size() == 2);
    CHECK(set[0].sequence.next() == set[1].sequence);
    CHECK(before != text_of(path.world()));
}

TEST_CASE("a command that changes nothing is answered with the log's head") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto head = store.head().sequence;
    const auto made = path.must("ChangeCell", R"({"domain":"home.example"})");
    CHECK(made.sequence == head);
    CHECK(made.body.empty());
    CHECK(store.head().sequence == head);
}

TEST_CASE("a change is made if its stream is where it was expected") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    path.must("AddPeer", R"({"name":"laptop"})");
    const auto id = to_string(store.event(store.head().sequence)->change.change_id);
    const auto stream = store.event(store.head().sequence)->stream;
    const auto peer = stream.substr(std::string("peer-").size());
    const auto rename = [&](const std::string& name) {
        return path.submission("ChangePeer", R"({"id":")" + peer + R"(","name":")" + name + "\"}");
    };
    SECTION("if_match is the version of the command's own resource") {
        auto right = rename("one"), wrong = rename("two");
        right.if_match = StreamVersion{1};
        wrong.if_match = StreamVersion{1};
        CHECK(codes(path.batch(together(std::move(right), std::move(wrong)))) == Names{"", "stale_version"});
        CHECK(peer_names(path.world()) == Names{"one"});
    }
    SECTION("expectations may name any stream") {
        auto right = rename("one"), wrong = rename("two");
        right.expected = {{stream, StreamVersion{1}}, {"peer-of-nobody", StreamVersion{0}}};
        wrong.expected = {{stream, StreamVersion{1}}};
        CHECK(codes(path.batch(together(std::move(right), std::move(wrong)))) == Names{"", "stale_version"});
        CHECK(peer_names(path.world()) == Names{"one"});
    }
}

TEST_CASE("the same key and body get the same answer, once made") {
    auto store = memory();
    std::optional<WritePath> path;
    path.emplace(store);
    path->set_up();
    const auto add = [&](std::string_view name, std::string_view body) {
        return path->keyed(path->submission("AddPeer", R"({"name":")" + std::string(name) + "\"}"), "key-1",
                           body);
    };
    const auto first = path->run(add("laptop", "body"));
    REQUIRE(first);
    const auto head = store.head().sequence;
    SECTION("at once") {}
    SECTION("after a restart") { path.emplace(store); }
    const auto again = path->run(add("laptop", "body"));
    REQUIRE(again);
    CHECK(again->repeated);
    CHECK(again->body == first->body);
    CHECK(again->status == first->status);
    CHECK(again->sequence == first->sequence);
    CHECK(code_of(path->run(add("phone", "another body"))) == "idempotency_mismatch");
    CHECK(store.head().sequence == head);
    CHECK(peer_names(path->world()) == Names{"laptop"});
}

TEST_CASE("within one batch, too, a key is made once") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto add = [&](std::string_view body) {
        return path.keyed(path.submission("AddPeer", R"({"name":"laptop"})"), "key-1", body);
    };
    const auto answers = path.batch(together(add("body"), add("body"), add("another body")));
    REQUIRE(codes(answers) == Names{"", "", "idempotency_mismatch"});
    CHECK_FALSE(answers[0]->repeated);
    CHECK(answers[1]->repeated);
    CHECK(answers[0]->body == answers[1]->body);
    CHECK(peer_names(path.world()) == Names{"laptop"});
}

TEST_CASE("a refusal is not remembered: the key may be used again") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    path.must("AddPeer", R"({"name":"laptop"})");
    const auto add = [&] {
        return path.keyed(path.submission("AddPeer", R"({"name":"laptop"})"), "key-1", "body");
    };
    CHECK(code_of(path.run(add())) == "name_taken");
    const auto peer = path.world().get<peers::Service>().by_name.find("laptop");
    REQUIRE(peer != nullptr);
    path.must("RemovePeer", R"({"id":")" + to_string(*peer) + "\"}");
    CHECK(code_of(path.run(add())).empty());
}

TEST_CASE("a one-time secret is in the first answer and in no other") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto add = [&] {
        auto made = path.keyed(path.submission("AddPeer", R"({"name":"laptop"})"), "key-1", "body");
        made.answer = [](const core::Outcome&) {
            core::Answer answer;
            answer.body = "with the secret";
            answer.kept_body = "without it";
            return answer;
        };
        return made;
    };
    CHECK(path.run(add())->body == "with the secret");
    CHECK(path.run(add())->body == "without it");
}

TEST_CASE("a commit that fails costs the whole batch and leaves nothing") {
    auto store = memory();
    std::vector<std::uint64_t> told;
    WritePath path(store, {}, {[&](const World&, const World& now) { told.push_back(now.sequence.value); }});
    path.set_up();
    const auto before = text_of(path.world());
    const auto events = path.writer().counters().events;
    told.clear();
    // The third is refused because of the first, which is not made either: it must not be told so.
    const auto answers = path.batch(together(path.submission("AddPeer", R"({"name":"laptop"})"),
                                             path.submission("AddPeer", R"({"name":"phone"})"),
                                             path.submission("AddPeer", R"({"name":"laptop"})")),
                                    [&] { store.fail_next_commit("log_full"); });
    CHECK(codes(answers) == Names{"log_unwritable", "log_unwritable", "log_unwritable"});
    CHECK(text_of(path.world()) == before);
    CHECK(text_of(replayed(store)) == before);
    CHECK(told.empty());
    CHECK(path.writer().counters().events == events);
    // The next batch opens the store again and is made.
    path.must("AddPeer", R"({"name":"laptop"})");
    CHECK(peer_names(path.world()) == Names{"laptop"});
    CHECK(told == std::vector{store.head().sequence.value});
}

TEST_CASE("a key whose batch failed is not remembered") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto add = [&] {
        return path.keyed(path.submission("AddPeer", R"({"name":"laptop"})"), "key-1", "body");
    };
    store.fail_next_commit("log_io");
    CHECK(code_of(path.run(add())) == "log_unwritable");
    const auto made = path.run(add());
    REQUIRE(made);
    CHECK_FALSE(made->repeated);
    CHECK(peer_names(path.world()) == Names{"laptop"});
}

TEST_CASE("what the events refer to is committed once a batch, just before the log") {
    auto store = memory();
    int calls = 0;
    std::optional<Rejection> refuse;
    std::shared_ptr<const World> foretold;
    WritePath path(store, [&](const std::shared_ptr<const World>& next) -> Result<void> {
        ++calls;
        foretold = next;
        if (refuse) return std::unexpected(*refuse);
        return {};
    });
    path.set_up();
    calls = 0;
    CHECK(codes(path.batch(together(path.submission("AddPeer", R"({"name":"laptop"})"),
                                    path.submission("AddPeer", R"({"name":"phone"})")))) == Names{"", ""});
    CHECK(calls == 2);                         // the one that held the writer, and ours
    CHECK(path.writer().world() == foretold);  // the very object
    SECTION("not where nothing is made") {
        CHECK(code_of(path.run("AddPeer", R"({"name":"laptop"})")) == "name_taken");
        CHECK(calls == 2);
    }
    SECTION("where it fails, nothing of the batch is made or acknowledged") {
        const auto before = text_of(path.world());
        core::Submission first = path.submission("AddPeer", R"({"name":"tablet"})");
        refuse = Rejection{"vault_unwritable", "disk full"};
        CHECK(code_of(path.run(std::move(first))) == "vault_unwritable");
        CHECK(text_of(path.world()) == before);
        CHECK(text_of(replayed(store)) == before);
        refuse.reset();
        path.must("AddPeer", R"({"name":"tablet"})");
        CHECK(peer_names(path.world()) == Names{"laptop", "phone", "tablet"});
    }
}

TEST_CASE("a bad log is read-only: commands are refused, also those that wait already") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    const auto before = text_of(path.world());
    auto waiting = path.submission("AddPeer", R"({"name":"laptop"})");
    waiting.answer = [&](const core::Outcome&) { return core::Answer{}; };
    CHECK_FALSE(path.writer().read_only());
    core::Submission turns = path.submission("ChangeCell", R"({"domain":"home.example"})");
    turns.answer = [&](const core::Outcome&) {
        path.writer().make_read_only("event 7 is bad");
        return core::Answer{};
    };
    REQUIRE(path.run(std::move(turns)));
    const auto refused = path.run(std::move(waiting));
    CHECK(code_of(refused) == "read_only");
    CHECK(refused.error().detail == "event 7 is bad");
    CHECK(path.writer().read_only() == "event 7 is bad");
    path.writer().make_read_only("another reason");
    CHECK(path.writer().read_only() == "event 7 is bad");
    CHECK(text_of(path.world()) == before);
}

TEST_CASE("a batch goes through its steps in order") {
    auto store = memory();
    std::vector<std::string> steps;
    WritePath path(
        store, [&](const auto&) -> Result<void> { return steps.emplace_back("vault"), Result<void>(); },
        {[&](const World&, const World&) { steps.emplace_back("observer"); }},
        [&](std::string_view step) { steps.emplace_back(step); });
    path.must("SetUpCell", R"({"cell_name":"home","domain":"home.example","vpn_range":"10.8.0.0/24"})");
    path.writer().stop();
    CHECK(steps == Names{"decided", "vault", "sealed", "committed", "observer", "published", "answered"});
}

TEST_CASE("stopping ends what waits, then refuses") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    auto answer = path.submit(path.submission("AddPeer", R"({"name":"laptop"})"));
    auto late = path.submission("AddPeer", R"({"name":"phone"})");
    path.writer().stop();
    CHECK(answer.get());
    CHECK(code_of(path.run(std::move(late))) == "shutting_down");
    path.writer().stop();
    CHECK(peer_names(path.world()) == Names{"laptop"});
}

TEST_CASE("a full queue refuses at once") {
    auto store = memory();
    WritePath path(store);
    path.set_up();
    std::vector<core::Submission> many;
    for (std::size_t i = 0; i < core::Writer::queue_limit + 3; ++i) {
        auto nothing = path.submission(std::vector<AnyCommand>{});
        many.push_back(std::move(nothing));
    }
    const auto all = codes(path.batch(std::move(many)));
    CHECK(std::ranges::count(all, "") == core::Writer::queue_limit);
    CHECK(std::ranges::count(all, "overloaded") == 3);
}
