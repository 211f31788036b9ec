// Killed at any step, the agent comes back to the old content or to the new, never to something between.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

Desired first_cell() {
    Desired desired("dns");
    set_corefile(desired);
    set_zone(desired, "home.example", 1, 3);
    return desired;
}

void second_cell(Desired& desired) {
    desired.erase("zones/home.example.zone").erase(parameters_path, "zone/home.example");
    set_zone(desired, "other.example", 2, 3);
    set_corefile(desired, "    template IN A blocked.example {\n        rcode NXDOMAIN\n    }\n");
}

/// In a process of its own: applies the first content, and is killed at `step` of the second.
void apply_and_die(const std::filesystem::path& folder, const std::string& port, const std::string& step) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        bool armed = false;
        auto options = options_for("dns", folder, {{"dns_port", port}});
        options.step = [&](std::string_view now) {
            if (armed && now == step) ::kill(::getpid(), SIGKILL);
        };
        Applier applier(std::move(options));
        auto desired = first_cell();
        if (applier.apply(desired.next()).state != ApplyState::applied) ::_exit(1);
        armed = true;
        second_cell(desired);
        applier.apply(desired.next());
        ::_exit(2);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
}

}  // namespace

TEST_CASE("kill -9 at each step of an apply") {
    const auto step = GENERATE(as<std::string>{}, "needs", "stage", "validate", "swap", "reload", "probe",
                               "journal", "journalled");
    INFO("killed at " << step);
    const TempFolder folder;
    const auto port = free_port();
    apply_and_die(folder.path(), port, step);

    Applier applier(options_for("dns", folder.path(), {{"dns_port", port}}));
    const auto report = applier.recover();
    INFO(report.step << ": " << report.detail);
    REQUIRE(report.state == ApplyState::applied);
    const bool is_new = step == "journalled";
    CHECK(report.applied == Sequence{is_new ? 2U : 1U});
    CHECK(dig(port, "h1.home.example") == (is_new ? "" : "10.0.0.1"));
    CHECK(dig(port, "h1.other.example") == (is_new ? "10.0.0.1" : ""));
    CHECK_FALSE(applier.look().drift);

    auto desired = first_cell();
    desired.next();
    second_cell(desired);
    const auto again = applier.apply(desired.next());
    INFO(again.step << ": " << again.detail);
    REQUIRE(again.state == ApplyState::applied);
    CHECK(dig(port, "h1.other.example") == "10.0.0.1");
}

TEST_CASE("a journal whose last record was cut short ends before it") {
    const TempFolder folder;
    const auto key = load_or_make_seal_key(folder.path() / "key");
    REQUIRE(key);
    const auto file = folder.path() / "journal";
    auto desired = first_cell();
    const auto one = desired.next();
    set_zone(desired, "home.example", 2, 3);
    const auto two = desired.next();
    {
        Journal journal(file, "dns", *key);
        REQUIRE(journal.append({}, one));
        REQUIRE(journal.append(one, two));
    }
    const auto whole = std::filesystem::file_size(file);
    {
        Journal journal(file, "dns", *key);
        REQUIRE(journal.load()->revision == two.revision);
    }
    for (const auto cut : {1U, 40U}) {
        std::filesystem::resize_file(file, whole - cut);
        Journal journal(file, "dns", *key);
        const auto content = journal.load();
        REQUIRE(content);
        CHECK(content->revision == one.revision);
        REQUIRE(journal.append(one, two));  // goes where the torn one was
        CHECK(journal.load()->revision == two.revision);
        CHECK(std::filesystem::file_size(file) == whole);
    }
}

TEST_CASE("a journal that was altered or sealed with another key is said to be bad") {
    const TempFolder folder;
    const auto key = load_or_make_seal_key(folder.path() / "key");
    REQUIRE(key);
    const auto file = folder.path() / "journal";
    auto desired = first_cell();
    REQUIRE(Journal(file, "dns", *key).append({}, desired.next()));
    auto other = *key;
    other[0] ^= 1;
    const auto opened = Journal(file, "dns", other).load();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == "bad_journal");
    CHECK_FALSE(Journal(file, "wireguard", *key).load());
}

TEST_CASE("a long history does not grow the journal without bound") {
    const TempFolder folder;
    const auto key = load_or_make_seal_key(folder.path() / "key");
    REQUIRE(key);
    Journal journal(folder.path() / "journal", "dns", *key);
    auto desired = first_cell();
    Content before;
    for (unsigned i = 1; i <= 300; ++i) {
        set_zone(desired, "home.example", i, 3);
        const auto now = desired.next();
        REQUIRE(journal.append(before, now));
        before = now;
    }
    CHECK(std::filesystem::file_size(folder.path() / "journal") < 80'000);
    CHECK(journal.load()->revision == before.revision);
}
