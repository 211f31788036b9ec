// Undo and restore: both go forward.
#include <catch2/catch.hpp>

#include "projections/calendar/calendar.hpp"
#include "projections/mail/mail.hpp"
#include "support/write_path.hpp"

using namespace pic;
using namespace pic::test;

namespace {

struct CellWithHistory {
    log::MemoryStore store{cell_id, Epoch{1}, counting_random()};
    WritePath path{store};
    core::History history{store};

    CellWithHistory() { path.set_up(); }

    Result<core::Compensation> plan_undo(std::uint64_t sequence) {
        return core::plan_undo(store, history, path.world(), Sequence{sequence});
    }
    Result<core::Answer> make(Result<core::Compensation> plan) {
        if (!plan) return std::unexpected(plan.error());
        for (auto& command : plan->commands) command->prepare(path.supply());
        auto submission = path.submission(std::move(plan->commands));
        submission.expected = std::move(plan->expected);
        submission.info.causation = plan->undoes;
        return path.run(std::move(submission));
    }
    Result<core::Answer> undo(std::uint64_t sequence) { return make(plan_undo(sequence)); }
    Result<core::Answer> restore(std::uint64_t sequence) {
        return make(core::plan_restore(history, path.world(), Sequence{sequence}));
    }
    std::uint64_t head() { return store.head().sequence.value; }
    std::string id_of(const std::string& name) {
        const auto* id = path.world().get<peers::Service>().by_name.find(name);
        REQUIRE(id != nullptr);
        return to_string(*id);
    }
};

}  // namespace

TEST_CASE("an undo appends what takes the change back, and says which one") {
    CellWithHistory cell;
    cell.path.must("AddPeer", R"({"name":"laptop"})");
    const auto added = cell.head();
    REQUIRE(cell.undo(added));
    CHECK(peer_names(cell.path.world()).empty());
    CHECK(cell.head() == added + 1);
    CHECK(cell.store.event(Sequence{added + 1})->change.causation == Sequence{added});
}

TEST_CASE("an undo can be undone") {
    CellWithHistory cell;
    cell.path.must("ChangeCell", R"({"domain":"one.example"})");
    const auto domain = [&] { return cell.path.world().get<cell::Service>().cell.settings.domain.text; };
    const auto changed = cell.head();
    REQUIRE(cell.undo(changed));
    CHECK(domain() == "home.example");
    REQUIRE(cell.undo(cell.head()));
    CHECK(domain() == "one.example");
}

TEST_CASE("a change-set is undone as one, by any of its events") {
    CellWithHistory cell;
    std::vector<AnyCommand> set;
    set.push_back(cell.path.command("AddPeer", R"({"name":"laptop"})"));
    set.push_back(cell.path.command("AddPeer", R"({"name":"phone"})"));
    REQUIRE(cell.path.run(cell.path.submission(std::move(set))));
    REQUIRE(cell.undo(cell.head() - 1));
    CHECK(peer_names(cell.path.world()).empty());
}

TEST_CASE("a change that others build on is not undone: they are listed") {
    CellWithHistory cell;
    cell.path.must("AddPeer", R"({"name":"laptop"})");
    const auto added = cell.head();
    cell.path.must("ChangePeer", R"({"id":")" + cell.id_of("laptop") + R"(","name":"notebook"})");
    const auto refused = cell.plan_undo(added);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "undo_overlap");
    REQUIRE(refused.error().errors.size() == 1);
    CHECK(refused.error().errors[0].detail.find("event " + std::to_string(added + 1)) != std::string::npos);
    REQUIRE(cell.undo(added + 1));
    CHECK(peer_names(cell.path.world()) == std::vector<std::string>{"laptop"});
}

TEST_CASE("what only goes forward is not undone") {
    CellWithHistory cell;
    cell.path.must("RotateWireguardKey");
    CHECK(code_of(cell.undo(cell.head())) == "nothing_to_undo");
    CHECK(code_of(cell.undo(cell.head() + 1)) == "not_found");
    CHECK(code_of(cell.undo(0)) == "not_found");
}

TEST_CASE("a removed person stays removed, and a restore leaves away what was theirs") {
    CellWithHistory cell;
    const std::string alice = "00000000-0000-7000-8000-0000000000a1";
    cell.path.must(
        "AddUser",
        R"({"username":"alice","role":"member","password_ref":"user/a/password@1","id":")" + alice + "\"}");
    cell.path.must("AddMailDomain", R"({"name":"club.example"})");
    cell.path.must("AddMailbox", R"({"address":"chair@club.example","user_id":")" + alice + "\"}");
    cell.path.must("AddCollection", R"({"name":"work","user_id":")" + alice + "\"}");
    cell.path.must("AddPeer", R"({"name":"alices-phone","owner":"alice"})");
    cell.path.must("AddPeer", R"({"name":"printer"})");
    const auto then = cell.head();
    cell.path.must("RemovePeer", R"({"id":")" + cell.id_of("printer") + "\"}");
    cell.path.must("RemoveUser", R"({"id":")" + alice + "\"}");

    const auto refused = cell.plan_undo(cell.head());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "person_removed");
    CHECK(refused.error().detail.find("alice") != std::string::npos);
    const auto restored = cell.restore(then);
    CHECK(code_of(restored).empty());
    CHECK(peer_names(cell.path.world()) == std::vector<std::string>{"printer"});
    CHECK(cell.path.world().get<mail::Service>().mailboxes.size() == 0);
    CHECK(cell.path.world().get<calendar::Service>().collections.size() == 0);
}

TEST_CASE("an undo that was planned before another change is refused as stale") {
    CellWithHistory cell;
    cell.path.must("AddPeer", R"({"name":"laptop"})");
    auto plan = cell.plan_undo(cell.head());
    REQUIRE(plan);
    cell.path.must("ChangePeer", R"({"id":")" + cell.id_of("laptop") + R"(","name":"notebook"})");
    CHECK(code_of(cell.make(std::move(plan))) == "stale_version");
    CHECK(peer_names(cell.path.world()) == std::vector<std::string>{"notebook"});
}

TEST_CASE("a restore brings the whole cell to a moment, keys and serials aside") {
    CellWithHistory cell;
    cell.path.must("AddPeer", R"({"name":"laptop"})");
    cell.path.must("AddDnsRecord", R"({"type":"A","value":"10.8.0.99","name":"nas"})");
    const auto then = cell.head();
    const auto shown = cell_config(cell.path.world());
    cell.path.must("RemovePeer", R"({"id":")" + cell.id_of("laptop") + "\"}");
    cell.path.must("AddPeer", R"({"name":"phone"})");
    cell.path.must("ChangeCell", R"({"domain":"new.example"})");
    const auto serial = cell.path.world().get<dns::Service>().serials.forward;
    REQUIRE(cell.restore(then));
    CHECK(peer_names(cell.path.world()) == std::vector<std::string>{"laptop"});
    CHECK(cell.path.world().get<cell::Service>().cell.settings.domain.text == "home.example");
    CHECK(cell.path.world().get<dns::Service>().serials.forward > serial);
    CHECK(code_of(cell.restore(cell.head())) == "nothing_to_undo");
    CHECK(code_of(cell.restore(cell.head() + 1)) == "unknown_sequence");
}
