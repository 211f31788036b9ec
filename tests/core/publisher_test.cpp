// Rendering ahead of a commit: nobody sees it before, and nothing differs afterwards.
#include <catch2/catch.hpp>

#include "controller/core/publisher.hpp"
#include "projections/scene.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::test;

namespace {

std::shared_ptr<const World> copy_of_world(const Scene& scene) {
    return std::make_shared<World>(scene.world());
}

struct RenderedCell {
    TempFolder folder;
    std::unique_ptr<vault::Vault> vault = vault::Vault::open({.database = folder / "vault.db",
                                                              .key_file = folder / "master.key",
                                                              .cost = {.passes = 1, .memory = 8192}})
                                              .value();
    core::Publisher publisher{nth_uuid(1), Epoch{1}, *vault};

    /// What an agent for DNS that has nothing is given, as text.
    std::string dns() {
        const auto answer = publisher.fetch("dns", {}).value();
        const auto& bundle = std::get<Bundle>(answer);
        std::string text = std::to_string(bundle.revision.sequence.value) + "\n";
        for (const auto& file : bundle.files) {
            text += file.path + " " + to_hex(file.root) + "\n";
            for (const auto& fragment : file.upserts) text += fragment.text;
        }
        return text;
    }
};

}  // namespace

TEST_CASE("what was rendered ahead is shown by render() and not before") {
    RenderedCell cell, plain;
    Scene scene;
    scene.set_up();
    cell.publisher.render(copy_of_world(scene));
    plain.publisher.render(copy_of_world(scene));
    const auto before = cell.dns();

    scene.must("AddDnsRecord", R"({"name":"www","type":"A","value":"10.8.0.9"})");
    const auto next = copy_of_world(scene);
    cell.publisher.render_ahead(next);
    CHECK(cell.dns() == before);
    CHECK(cell.publisher.status("dns")->desired < next->sequence);

    CHECK(cell.publisher.render(next) == plain.publisher.render(next));
    CHECK(cell.publisher.status("dns")->desired == next->sequence);
    CHECK(cell.dns() == plain.dns());
}

TEST_CASE("what was rendered ahead of a commit that failed is forgotten") {
    RenderedCell cell, plain;
    Scene scene, other;
    for (auto* each : {&scene, &other}) each->set_up();
    cell.publisher.render(copy_of_world(scene));
    plain.publisher.render(copy_of_world(scene));

    other.must("AddDnsRecord", R"({"name":"lost","type":"A","value":"10.8.0.8"})");
    scene.must("AddDnsRecord", R"({"name":"www","type":"A","value":"10.8.0.9"})");
    const auto next = copy_of_world(scene);
    REQUIRE(other.world().sequence == next->sequence);
    cell.publisher.render_ahead(copy_of_world(other));
    cell.publisher.render(next);
    plain.publisher.render(next);
    CHECK(cell.dns() == plain.dns());
}
