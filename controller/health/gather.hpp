// Looks at the cell and the machine it runs on, and judges nothing: what a Situation means is diagnose()'s.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "controller/health/findings.hpp"

namespace pic::health {

/// Whether a resolver answers, asked at most once a minute each: a look must not become traffic.
class UpstreamProbe {
  public:
    /// `answers(server)` asks and waits.
    explicit UpstreamProbe(std::function<bool(const std::string&)> answers) : answers_(std::move(answers)) {}
    [[nodiscard]] std::vector<Upstream> look(const std::vector<std::string>& servers);

    static constexpr std::chrono::seconds interval{60};

  private:
    struct Known {
        bool answers = true;
        std::chrono::steady_clock::time_point at{};
    };
    std::function<bool(const std::string&)> answers_;
    std::mutex mutex_;
    std::map<std::string, Known> known_;
};

[[nodiscard]] std::optional<Disk> look_at_disk(const std::filesystem::path& folder);
/// Whether the kernel holds its clock for synchronised (adjtimex(2)); nothing where it does not say.
[[nodiscard]] std::optional<bool> look_at_clock();
[[nodiscard]] int current_year();

}  // namespace pic::health
