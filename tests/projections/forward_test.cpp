// What a restored backup must not bring back, service by service (go_forward): a backup is the world of an
// earlier moment here, the cell went on, and the vault has lost what was given up meanwhile.
#include <catch2/catch.hpp>

#include <set>

#include "projections/scene.hpp"
#include "projections/secrets/secrets.hpp"

using namespace pic;
using test::Scene;

namespace {

struct Restored {
    Scene cell;
    Scene backup;  ///< the same commands, as far as they had come then
    std::set<SecretRef> destroyed;
    test::FakeSupply supply;

    Restored() {
        for (auto* scene : {&cell, &backup}) scene->set_up();
        for (int used = 0; used < 16; ++used) (void)supply.wireguard_key_pair("spare");  // the scenes' own
    }

    /// Done before the backup was taken.
    ResourceName before(std::string_view type, std::string_view json) {
        (void)cell.must(type, json);
        return backup.must(type, json);
    }

    /// What is appended to the restored log, by the types of its events.
    std::vector<std::string> forward(bool same_cell = true) {
        auto commands = bring_forward(backup.world(), same_cell ? &cell.world() : nullptr,
                                      [&](const SecretRef& ref) { return !destroyed.contains(ref); });
        for (auto& command : commands) command->prepare(supply);
        const auto length = backup.log().size();
        if (!commands.empty()) REQUIRE(backup.run(std::move(commands)).has_value());
        std::vector<std::string> types;
        for (auto i = length; i < backup.log().size(); ++i) types.push_back(backup.log()[i].event.type);
        return types;
    }

    [[nodiscard]] const peers::Peer& peer(const ResourceName& name) const {
        return *backup.world().get<peers::Service>().peers.find(*parse_uuid(name.key));
    }
};

std::string id_of(const ResourceName& name) { return R"({"id":")" + name.key + R"("})"; }

}  // namespace

TEST_CASE("where nothing was given up, nothing is brought forward") {
    Restored r;
    r.before("AddPeer", R"({"name":"laptop","preshared_key":true})");
    (void)r.cell.must("AddPeer", R"({"name":"phone"})");
    CHECK(r.forward().empty());
}

TEST_CASE("a server's key that was rotated is made anew") {
    Restored r;
    const auto old = *r.backup.world().get<wireguard::Service>().wireguard.public_key;
    r.destroyed.insert(*r.backup.world().get<wireguard::Service>().wireguard.private_key_ref);
    CHECK(r.forward() == std::vector<std::string>{"WireguardKeysSet"});
    CHECK(*r.backup.world().get<wireguard::Service>().wireguard.public_key != old);
}

TEST_CASE("a peer keeps the key that it changed to, and has no keys that are gone") {
    Restored r;
    const auto laptop = r.before("AddPeer", R"({"name":"laptop","preshared_key":true})");
    const auto then = r.peer(laptop);
    SECTION("rotated since") {
        (void)r.cell.must("RotatePeerKey", id_of(laptop));
        const auto now = r.cell.world().get<peers::Service>().peers.find(then.id)->settings.public_key;
        r.destroyed = {*then.private_key_ref, *then.preshared_key_ref};
        CHECK(r.forward() == std::vector<std::string>{"PeerChanged"});
        CHECK(r.peer(laptop).settings.public_key == now);
    }
    SECTION("its config was fetched since") {
        (void)r.cell.must("DropPeerKey", id_of(laptop));
        r.destroyed = {*then.private_key_ref};
        CHECK(r.forward() == std::vector<std::string>{"PeerKeyDropped"});
        CHECK(r.peer(laptop).settings.public_key == then.settings.public_key);
        CHECK(r.peer(laptop).preshared_key_ref == then.preshared_key_ref);
    }
    SECTION("removed since: it is back, without keys") {
        (void)r.cell.must("RemovePeer", id_of(laptop));
        r.destroyed = {*then.private_key_ref, *then.preshared_key_ref};
        (void)r.forward();
        CHECK_FALSE(r.peer(laptop).preshared_key_ref.has_value());
        CHECK_FALSE(r.peer(laptop).settings.preshared_key);
    }
    CHECK_FALSE(r.peer(laptop).private_key_ref.has_value());
}

TEST_CASE("who may speak to the cell is decided by today") {
    Restored r;
    const std::string hash = R"("hash_ref":"token/x/hash@1")";
    const auto kept = r.before(
        "AddToken",
        R"({"id":"01900000-0000-7000-8000-0000000000a1","name":"kept","scopes":["*"],"owner":"user:a",)" +
            hash + "}");
    const auto gone = r.before(
        "AddToken",
        R"({"id":"01900000-0000-7000-8000-0000000000a2","name":"gone","scopes":["*"],"owner":"user:a",)" +
            hash + "}");
    const auto invite = [](std::string_view id) {
        return R"({"id":")" + std::string(id) + R"(","kind":"agent","name":"n","services":["dns"]})";
    };
    const auto enrol = [](std::string_view id, char key) {
        return R"({"id":")" + std::string(id) + R"(","kind":"agent","public_key":")" + std::string(40, key) +
               R"("})";
    };
    const std::string was = "01900000-0000-7000-8000-0000000000b1",
                      is = "01900000-0000-7000-8000-0000000000b2";
    r.before("InviteBusClient", invite(was));
    r.before("EnrolBusClient", enrol(was, 'a'));
    (void)r.cell.must("RevokeToken", id_of(gone));
    (void)r.cell.must("RemoveBusClient", R"({"id":")" + was + R"(","kind":"agent"})");
    (void)r.cell.must("InviteBusClient", invite(is));
    (void)r.cell.must("EnrolBusClient", enrol(is, 'b'));

    SECTION("of the same cell") {
        (void)r.forward();
        const auto& accounts = r.backup.world().get<accounts::Service>();
        CHECK(accounts.tokens.contains(*parse_uuid(kept.key)));
        CHECK_FALSE(accounts.tokens.contains(*parse_uuid(gone.key)));
        CHECK_FALSE(accounts.agents.contains(*parse_uuid(was)));
        REQUIRE(accounts.agents.contains(*parse_uuid(is)));
        CHECK(accounts.agents.find(*parse_uuid(is))->public_key == std::string(40, 'b'));
    }
    SECTION("of another cell, which says nothing about this one") { CHECK(r.forward(false).empty()); }
}

TEST_CASE("a secret that was destroyed since does not come back empty") {
    Restored r;
    r.before(
        "AddSecret",
        R"({"id":"00000000-0000-7000-8000-0000000000e1","name":"kept","value_ref":"secret/e1/value@1"})");
    r.before(
        "AddSecret",
        R"({"id":"00000000-0000-7000-8000-0000000000e2","name":"gone","value_ref":"secret/e2/value@1"})");
    (void)r.cell.must("RemoveSecret", R"({"name":"gone"})");
    r.destroyed.insert(SecretRef{"secret/e2/value", 1});
    CHECK(r.forward() == std::vector<std::string>{"SecretRemoved"});
    CHECK(secrets::find(r.backup.world(), "kept") != nullptr);
}
