#include "controller/health/gather.hpp"

#include <sys/statvfs.h>
#include <sys/timex.h>

namespace pic::health {

std::vector<Upstream> UpstreamProbe::look(const std::vector<std::string>& servers) {
    using Clock = std::chrono::steady_clock;
    const std::scoped_lock lock(mutex_);
    std::map<std::string, Known> kept;
    std::vector<Upstream> seen;
    for (const auto& server : servers) {
        auto known = known_[server];
        if (known.at == Clock::time_point{} || Clock::now() - known.at > interval)
            known = {answers_(server), Clock::now()};
        kept[server] = known;
        seen.push_back({server, known.answers});
    }
    known_ = std::move(kept);
    return seen;
}

std::optional<Disk> look_at_disk(const std::filesystem::path& folder) {
    struct statvfs s{};
    if (::statvfs(folder.c_str(), &s) != 0) return std::nullopt;
    return Disk{folder.string(), std::uint64_t{s.f_blocks} * s.f_frsize,
                std::uint64_t{s.f_bavail} * s.f_frsize};
}

std::optional<bool> look_at_clock() {
    timex t{};
    if (::adjtimex(&t) < 0) return std::nullopt;
    return (t.status & STA_UNSYNC) == 0;
}

int current_year() {
    const std::chrono::year_month_day today{
        std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
    return static_cast<int>(today.year());
}

}  // namespace pic::health
