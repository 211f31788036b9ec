// What services know of themselves now (transfers, handshakes, leases, sources), as their agents tell it:
// tables by service and name, rows by their first column. It is no event and is kept nowhere but here; a
// controller that starts anew is told anew. The controller does not interpret it either: whoever asks for
// peers' traffic knows which table that is. Bounded by names, for an agent is trusted with its own service
// and nothing more.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::core {

struct LiveTable {
    std::vector<std::string> columns;
    std::vector<std::string> chart;  ///< columns whose course is kept (controller/core/live_history.hpp)
    std::map<std::string, std::vector<std::string>> rows;  ///< by the first column; cells are JSON texts
    Timestamp at;                                          ///< when it was last told of

    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
    /// A cell as a number; nothing where there is no such row or the cell is none.
    [[nodiscard]] std::optional<double> number(const std::string& key, std::string_view name) const;
    /// A cell that is a text.
    [[nodiscard]] std::optional<std::string> text(const std::string& key, std::string_view name) const;
};

class LiveState {
  public:
    /// Told which table changed; on the thread of take(). Set before anything else runs.
    using Told = std::function<void(const std::string& service, const std::string& table)>;
    void on_change(Told told) { told_ = std::move(told); }

    /// A status message of an agent; one without "live" (the programs' pids) is none of ours. Rejections:
    /// "invalid_field", "too_large".
    [[nodiscard]] Result<void> take(const std::string& service, std::string_view json, Timestamp at);

    /// f(table) under the lock, where there is such a table.
    template <class F>
    bool visit(const std::string& service, const std::string& table, F&& f) const {
        const std::lock_guard lock(mutex_);
        const auto found = tables_.find({service, table});
        if (found == tables_.end()) return false;
        f(found->second);
        return true;
    }
    /// f(service, name, table) for all, under the lock.
    template <class F>
    void each(F&& f) const {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, table] : tables_) f(key.first, key.second, table);
    }
    /// {"items":[{"table","at","columns","rows"}...],"next_cursor":null} of one service.
    [[nodiscard]] std::string json(const std::string& service) const;

    static constexpr std::size_t tables_limit = 256;  ///< of all services
    static constexpr std::size_t columns_limit = 32;
    static constexpr std::size_t rows_limit = 20'000;  ///< of one table

  private:
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, LiveTable> tables_;
    Told told_;
};

}  // namespace pic::core
