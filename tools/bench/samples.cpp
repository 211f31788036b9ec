#include "tools/bench/samples.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pic::bench {

std::string Samples::json(Clock::duration elapsed) {
    std::ranges::sort(us_);
    const auto at = [&](double share) {
        return us_.empty() ? 0 : us_[static_cast<std::size_t>(share * static_cast<double>(us_.size() - 1))];
    };
    return fmt::format(R"({{"per_second":{:.1f},"p50_us":{:.1f},"p99_us":{:.1f},"count":{}}})",
                       static_cast<double>(us_.size()) / seconds(elapsed), at(0.5), at(0.99), us_.size());
}

std::string json(const std::vector<std::pair<std::string, std::vector<double>>>& lists) {
    std::string out = "{";
    for (const auto& [name, values] : lists) {
        fmt::format_to(std::back_inserter(out), R"({}"{}":[{:.6f}])", out.size() > 1 ? "," : "", name,
                       fmt::join(values, ","));
    }
    return out + "}";
}

}  // namespace pic::bench
