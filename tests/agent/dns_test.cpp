// The applier on a real CoreDNS.
#include <csignal>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

Desired dns_of_cell(unsigned hosts = 3) {
    Desired desired("dns");
    set_corefile(desired);
    set_zone(desired, "home.example", 1, hosts);
    return desired;
}

std::unique_ptr<Applier> applier_in(const TempFolder& folder, const std::string& port) {
    return std::make_unique<Applier>(options_for("dns", folder.path(), {{"dns_port", port}}));
}

}  // namespace

TEST_CASE("a first bundle starts the server, a second changes it live") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    REQUIRE(applier->recover().applied == Sequence{0});
    require_applied(applier->apply(desired.next()));
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");
    const auto before = nlohmann::json::parse(applier->status());

    set_zone(desired, "home.example", 2, 4);
    require_applied(applier->apply(desired.next()));
    CHECK(dig(port, "h3.home.example") == "10.0.0.3");

    desired.erase("zones/home.example.zone").erase(parameters_path, "zone/home.example");
    set_zone(desired, "other.example", 3, 2);
    require_applied(applier->apply(desired.next()));
    CHECK(dig(port, "h1.other.example") == "10.0.0.1");
    CHECK(dig(port, "h1.home.example").empty());

    set_corefile(desired, "    template IN A blocked.example {\n        rcode NXDOMAIN\n    }\n");
    require_applied(applier->apply(desired.next()));
    CHECK(nlohmann::json::parse(applier->status()) == before);  // the same process all along
}

TEST_CASE("a broken file is refused and the last good version keeps serving") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    require_applied(applier->apply(desired.next()));

    const auto broken = GENERATE(std::string("zones/home.example.zone"), std::string("Corefile"));
    desired.set(broken, "9", "no such thing {\n");
    const auto report = applier->apply(desired.next());
    CHECK(report.state == ApplyState::refused);
    CHECK(report.step == "validate");
    CHECK(report.revision.sequence == Sequence{2});
    CHECK(report.applied == Sequence{1});
    CHECK(!report.detail.empty());
    CHECK(dig(port, "h1.home.example") == "10.0.0.1");
    CHECK(applier->look().healthy);

    desired.erase(broken, "9");
    set_zone(desired, "home.example", 2, 5);
    require_applied(applier->apply(desired.next()));
    CHECK(dig(port, "h4.home.example") == "10.0.0.4");
}

TEST_CASE("a version that does not answer as promised is rolled back") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    require_applied(applier->apply(desired.next()));
    set_zone(desired, "home.example", 2, 1);
    desired.set(parameters_path, "zone/home.example", "77");
    const auto report = applier->apply(desired.next());
    CHECK(report.state == ApplyState::rolled_back);
    CHECK(report.step == "probe");
    CHECK(report.applied == Sequence{1});
    CHECK(report.detail.find("serial 2 instead of 77") != std::string::npos);
    CHECK(dig(port, "h2.home.example") == "10.0.0.2");
    CHECK(applier->look().healthy);
}

TEST_CASE("an agent that starts again serves the last good version before it hears of any other") {
    const TempFolder folder;
    const auto port = free_port();
    auto desired = dns_of_cell();
    {
        auto applier = applier_in(folder, port);
        require_applied(applier->apply(desired.next()));
        set_zone(desired, "home.example", 2, 7);
        require_applied(applier->apply(desired.next()));
    }
    CHECK(dig(port, "h6.home.example").empty());
    auto applier = applier_in(folder, port);
    const auto report = applier->recover();
    require_applied(report);
    CHECK(report.applied == Sequence{2});
    CHECK(dig(port, "h6.home.example") == "10.0.0.6");
}

TEST_CASE("a changed live file is seen as drift, and the next change puts it right") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    require_applied(applier->apply(desired.next()));
    CHECK_FALSE(applier->look().drift);
    std::ofstream(folder.path() / "data/files/live/Corefile", std::ios::app) << "# by hand\n";
    CHECK(applier->look().drift);
    set_zone(desired, "home.example", 2, 1);
    require_applied(applier->apply(desired.next()));
    CHECK_FALSE(applier->look().drift);
}

TEST_CASE("what is not installed is reported with the command that installs it") {
    const TempFolder folder;
    auto options = options_for("dns", folder.path(), {{"dns_port", free_port()}});
    options.spec.needs[0].program = "no-such-coredns";
    Applier applier(std::move(options));
    auto desired = dns_of_cell();
    const auto report = applier.apply(desired.next());
    CHECK(report.state == ApplyState::not_installed);
    CHECK(report.applied == Sequence{0});
    CHECK(report.detail == "no-such-coredns is not installed; make build");
}

TEST_CASE("a disabled service is stopped, and enabled again it serves what changed meanwhile") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    require_applied(applier->apply(desired.next()));
    CHECK(applier->apply(desired.enable(false).next()).state == ApplyState::disabled);
    CHECK(dig(port, "h1.home.example").empty());
    set_zone(desired, "home.example", 2, 5);
    CHECK(applier->apply(desired.next()).state == ApplyState::disabled);
    require_applied(applier->apply(desired.enable(true).next()));
    CHECK(dig(port, "h4.home.example") == "10.0.0.4");
}

TEST_CASE("a server that dies is started again and serves on") {
    const TempFolder folder;
    const auto port = free_port();
    auto applier = applier_in(folder, port);
    auto desired = dns_of_cell();
    require_applied(applier->apply(desired.next()));
    const auto pid = nlohmann::json::parse(applier->status())["programs"][0]["pid"].get<pid_t>();
    REQUIRE(::kill(pid, SIGKILL) == 0);
    REQUIRE(eventually([&] {
        const auto status = nlohmann::json::parse(applier->status());
        return status["programs"][0]["starts"] == 2 && dig(port, "h1.home.example") == "10.0.0.1";
    }));
    require_applied(applier->resume());
}

TEST_CASE("a reload that fails is tried again, and said to be") {
    const TempFolder folder;
    auto options = options_for("dns", folder.path(), {{"dns_port", free_port()}});
    // A step that fails until it has been tried three times.
    const auto count = (folder.path() / "tries").string();
    StepSpec lucky;
    lucky.name = "third time lucky";
    lucky.when = {"zones/*"};
    lucky.argv = {"/bin/sh", "-c", "echo x >>" + count + "; test $(wc -l <" + count + ") -ge 3"};
    options.spec.reload.push_back(lucky);
    std::vector<Report> retrying;
    options.report = [&](const Report& r) { retrying.push_back(r); };
    Applier applier(std::move(options));
    auto desired = dns_of_cell();
    require_applied(applier.apply(desired.next()));
    set_zone(desired, "home.example", 2, 2);
    require_applied(applier.apply(desired.next()));
    REQUIRE(retrying.size() == 2);
    CHECK(retrying[0].state == ApplyState::retrying);
    CHECK(retrying[0].step == "reload");
    CHECK(retrying[0].applied == Sequence{1});
}
