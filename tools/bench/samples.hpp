// What a measurement took, as one line of JSON on standard output: the drivers in Python read lines, not
// programs. Every duration is kept, so that percentiles are those of what happened and not of buckets.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pic::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double microseconds(Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}
[[nodiscard]] inline double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

class Samples {
  public:
    void add(Clock::duration taken) { us_.push_back(microseconds(taken)); }
    [[nodiscard]] std::size_t count() const { return us_.size(); }
    /// {"per_second":..., "p50_us":..., "p99_us":..., "count":...}
    [[nodiscard]] std::string json(Clock::duration elapsed);

  private:
    std::vector<double> us_;
};

/// {"<name>":[...],...}: what took how many seconds (or whatever unit), round by round.
[[nodiscard]] std::string json(const std::vector<std::pair<std::string, std::vector<double>>>& lists);

}  // namespace pic::bench
