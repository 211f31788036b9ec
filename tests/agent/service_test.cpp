// One service's thread, by itself.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "adapters/agent/service.hpp"
#include "agent/support.hpp"

using namespace pic;
using namespace pic::agent;
using namespace pic::agent::test;

namespace {

/// Whether every thread of this process but its first one sleeps: the third field of /proc/self/task/N/stat,
/// proc(5), is R for one that runs or would.
bool all_others_sleep() {
    const auto self = std::to_string(::getpid());
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        if (task.path().filename() == self) continue;
        std::ifstream file(task.path() / "stat");
        const std::string stat(std::istreambuf_iterator<char>(file), {});
        if (const auto name_end = stat.rfind(") ");
            name_end != std::string::npos && stat[name_end + 2] == 'R')
            return false;
    }
    return true;
}

/// Idle at a hundred looks in a row.
bool idle() {
    for (int look = 0; look < 100; ++look) {
        if (!all_others_sleep()) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

}  // namespace

TEST_CASE("a service of which the log says nothing waits asleep") {
    const TempFolder folder;
    Service service(options_for("dhcp", folder.path()), {.report = [](const Report&) {},
                                                         .status = [](const std::string&) {},
                                                         .live = {},
                                                         .ready = [] {},
                                                         .held = {}});
    REQUIRE(eventually([&] { return service.have().has_value(); }));

    Bundle nothing;
    nothing.service = "dhcp";
    nothing.revision = {.cell = Uuid{{1}}, .epoch = Epoch{1}, .sequence = Sequence{0}};
    nothing.enabled = false;
    (void)service.offer(nothing);

    CHECK(eventually(idle));
}
