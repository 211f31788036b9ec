// Years go by in a test: certificates of the cell's services, and the intermediate that signs them, are
// renewed in time and by nobody's hand.
#include <catch2/catch.hpp>

#include <set>

#include "controller/authority/office.hpp"
#include "controller/core/certificate_keeper.hpp"
#include "controller/core/supply.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/scene.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::test;

namespace {

constexpr Timestamp today{1'790'000'000'000};
constexpr std::int64_t day = authority::day_ms;

struct CellOverYears {
    TempFolder folder;
    std::unique_ptr<vault::Vault> vault =
        vault::Vault::open({.database = folder / "vault.db", .key_file = folder / "master.key"}).value();
    Scene scene;
    core::CertificateKeeper keeper{*vault, [this](std::vector<AnyCommand> commands, auto done) {
                                       REQUIRE(scene.run(std::move(commands)).has_value());
                                       done();
                                   }};

    CellOverYears() {
        scene.set_up();
        std::vector<AnyCommand> commands;
        commands.push_back(std::make_unique<CommandOf<certificates::MakeAuthority>>(
            authority::found(*vault, "home", today).value()));
        REQUIRE(scene.run(std::move(commands)).has_value());
    }

    /// The types of the events that a look at this moment leads to.
    std::multiset<std::string> look(std::int64_t days) {
        const auto length = scene.log().size();
        keeper.look(scene.world(), {today.ms + days * day});
        std::multiset<std::string> types;
        for (auto i = length; i < scene.log().size(); ++i) types.insert(scene.log()[i].event.type);
        return types;
    }

    [[nodiscard]] Timestamp until(std::string_view service) const {
        return certificates::for_service(scene.world(), service)->content.not_after;
    }
    [[nodiscard]] const certificates::Authority& authority() const {
        return scene.world().get<certificates::Service>().authority;
    }
};

using Types = std::multiset<std::string>;
const Types three{"CertificateIssued", "CertificateIssued", "CertificateIssued"};

}  // namespace

TEST_CASE("certificates are renewed when a third of their life is left, and not before") {
    CellOverYears cell;
    CHECK(cell.look(0) == three);
    CHECK(cell.look(1).empty());
    CHECK(cell.look(59).empty());
    CHECK(cell.look(61) == three);
    for (const auto* service : {"proxy", "mail", "cell"})
        CHECK(cell.until(service).ms == today.ms + (61 + 90) * day);
    CHECK(cell.look(62).empty());
    // The machine was off for two years.
    CHECK(cell.look(800) == three);
}

TEST_CASE("the intermediate is renewed under its own key, then what it signs") {
    CellOverYears cell;
    (void)cell.look(0);
    const auto before = *cell.authority().intermediate;
    constexpr std::int64_t seven_years = 7 * 365;
    CHECK(cell.look(seven_years) == Types{"IntermediateRenewed"});
    CHECK(*cell.authority().intermediate != before);
    const auto validity = authority::validity_of(*cell.authority().intermediate);
    CHECK(validity.not_after.ms == today.ms + seven_years * day + authority::intermediate_lifetime_ms);
    CHECK(cell.look(seven_years) == three);
    // Never beyond the root, nor a certificate beyond the intermediate.
    CHECK(cell.look(14 * 365) == Types{"IntermediateRenewed"});
    const auto root = authority::validity_of(*cell.authority().root).not_after;
    CHECK(authority::validity_of(*cell.authority().intermediate).not_after == root);
    const auto granted = authority::certify(*cell.vault, cell.scene.world(),
                                            {nth_uuid(900),
                                             certificates::Purpose::server,
                                             std::nullopt,
                                             "nas.home.example",
                                             {"nas.home.example"}},
                                            {root.ms - day});
    REQUIRE(granted);
    CHECK(granted->command.content.not_after == root);
}

TEST_CASE("where the root's key is kept elsewhere, only who brings it renews the intermediate") {
    CellOverYears cell;
    const auto key = cell.vault->get(*cell.authority().root_key_ref).value();
    cell.scene.must("TakeRootKeyOffline");
    (void)cell.look(0);
    constexpr std::int64_t seven_years = 7 * 365;
    const Timestamp then{today.ms + seven_years * day};
    CHECK(cell.look(seven_years) == three);
    CHECK(authority::intermediate_is_due(cell.scene.world(), then));
    CHECK(refusal(authority::renew_intermediate(*cell.vault, cell.scene.world(), std::nullopt, then)) ==
          "root_key_offline");
    const auto stranger = authority::make_root("other", today).key.clone();
    CHECK(refusal(authority::renew_intermediate(*cell.vault, cell.scene.world(), stranger.clone(), then)) ==
          "root_key_wrong /root_key");
    CHECK(authority::renew_intermediate(*cell.vault, cell.scene.world(), key.clone(), then));
}
