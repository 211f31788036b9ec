// What a service knows of itself while it runs (who is connected, how much has passed, which leases there
// are), as tables: an adapter names a command or a file, how its lines are parted (or, of JSON, where in each
// object a column lies), what the columns are called and which of the program's words have a plainer one, and
// nothing here knows what they mean. Only rows that changed since they were last told go out, in
// messages below the bus's limit, so that ten thousand quiet peers cost nothing; at intervals, and after a
// reconnection, everything is told anew, since a status message may be lost. None of it is an event: it is
// never in the log.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/agent/runtime.hpp"
#include "adapters/agent/spec.hpp"

namespace pic::agent {

inline constexpr std::size_t table_rows_limit = 20'000;       ///< of one table; more are left out
inline constexpr std::size_t table_list_limit = 20;           ///< values of one cell; more are left out
inline constexpr std::size_t live_message_limit = 48 * 1024;  ///< bytes of one message
inline constexpr int turns_until_anew = 30;                   ///< looks after which everything is told again

/// A number as it was last read, and what it had come to before it last began anew.
struct Total {
    double last = 0, before = 0;
};

class LiveTables {
  public:
    explicit LiveTables(const std::vector<TableSpec>& tables) : tables_(tables) {}

    /// Reads every table and gives the messages that bring the controller up to date; none where nothing
    /// changed:
    /// {"live":{"table","columns","chart","reset"?,"rows":[[...]...],"gone":["<key>"...]}}. The first column
    /// is the key. A table that cannot be read now is left as it was told.
    /// What counts from 0 with every reload goes on in what is told; only what passed between the last look
    /// and the reload is missed.
    [[nodiscard]] std::vector<std::string> changes(const Values& values, const Runtime& runtime);
    using Rows = std::map<std::string, std::string>;  ///< by key: the row as it is told, a JSON list
    /// The same for tables that the agent fills itself.
    [[nodiscard]] std::vector<std::string> changes_of(std::vector<std::pair<const TableSpec*, Rows>> now);
    /// Everything is to be told anew at the next look.
    void forget() { turn_ = 0; }

  private:
    bool begin_turn();
    void tell(const TableSpec& table, Rows now, bool anew, std::vector<std::string>& all);

    const std::vector<TableSpec>& tables_;
    std::map<std::string, Rows> told_;
    using Totals = std::map<std::string, std::vector<Total>>;  ///< by key: those of the row
    std::map<std::string, Totals> totals_;                     ///< by table
    int turn_ = 0;
};

}  // namespace pic::agent
