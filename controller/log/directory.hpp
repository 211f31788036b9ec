// Names as numbers, and how far each stream has come, in the memory of the one writer. It is as large as the
// number of streams, not as the log. A batch that is thrown away is taken back here by a mark: no copy grows
// with the cell.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/units.hpp"

namespace pic::log {

/// Texts numbered from 1 in the order of their coming.
class Numbering {
  public:
    /// The number, and whether it is new.
    std::pair<std::int64_t, bool> number(std::string_view name);
    [[nodiscard]] std::int64_t find(std::string_view name) const;  ///< 0: not known
    [[nodiscard]] std::size_t size() const { return names_.size(); }
    /// Forgets all but the first `size`.
    void shrink(std::size_t size);

  private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> numbers_;
    std::vector<const std::string*> names_;  ///< keys of numbers_, whose nodes do not move
};

/// The versions of the streams, by their numbers.
class Versions {
  public:
    [[nodiscard]] StreamVersion of(std::int64_t stream) const;
    void set(std::int64_t stream, StreamVersion version);
    /// One more event on the stream; remembered until keep() or take_back().
    StreamVersion raise(std::int64_t stream);
    void keep() { raised_.clear(); }
    void take_back();

    /// Streams that were raised since this was last called, ascending.
    [[nodiscard]] std::vector<std::int64_t> take_changed();

  private:
    struct Entry {
        StreamVersion version;
        bool changed = false;
    };
    Entry& entry(std::int64_t stream);

    std::vector<Entry> entries_;
    std::vector<std::int64_t> raised_, changed_;
};

}  // namespace pic::log
