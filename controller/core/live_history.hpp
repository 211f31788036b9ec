// The last day of what live tables chart, at a minute's step, in a database of its own (live.db): not the
// log, not a backup's business, and rebuilt empty when it is damaged. Only what changed since the minute
// before is written, so that quiet peers cost nothing; a reader fills in what stayed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/core/live_state.hpp"
#include "controller/sqlite/database.hpp"

namespace pic::core {

struct LivePoint {
    Timestamp at;  ///< the beginning of its minute
    double value = 0;
    friend bool operator==(const LivePoint&, const LivePoint&) = default;
};

class LiveHistory {
  public:
    /// Throws sqlite::Error where the folder cannot be written.
    explicit LiveHistory(const std::filesystem::path& file);

    /// Notes what the charted columns hold at this time, and forgets what is older than a day. Any thread.
    void sample(const LiveState& state, Timestamp now);
    /// One column of one row, oldest first; a value holds until the next point.
    [[nodiscard]] std::vector<LivePoint> series(const std::string& service, const std::string& table,
                                                const std::string& key, const std::string& column) const;

    static constexpr std::int64_t step_ms = 60'000;
    static constexpr std::int64_t steps_kept = 24 * 60;

  private:
    using Name =
        std::tuple<std::string, std::string, std::string, std::string>;  ///< service, table, key, column
    struct Known {
        std::int64_t id = 0;
        std::optional<double> last;
    };
    Known& known(const Name& name);

    mutable std::mutex mutex_;
    sqlite::Database database_;
    std::map<Name, Known> known_;
};

}  // namespace pic::core
