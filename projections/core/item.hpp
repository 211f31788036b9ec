// What all kinds of things that have an id share: the shapes of their events and commands, and how one is
// looked up. A kind derives its own types from the shapes, so that each has a name of its own, its own
// overloads of decide() and evolve(), and its own place in the log: `struct RuleRemoved : ById { static
// constexpr auto type = ...; }`.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <tuple>

#include "schema/record.hpp"
#include "schema/rejection.hpp"
#include "schema/scalars.hpp"

namespace pic {

/// Names one and says no more: it was removed, it is to be removed.
struct ById {
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};

/// One with all of its settings: it was added, it is to be as it was.
template <template <template <class> class> class Settings>
struct WithSettings {
    Uuid id;
    Settings<Plain> settings;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Plain>::fields(s.settings));
    }
};

/// One and what of its settings is other than before.
template <template <template <class> class> class Settings>
struct WithChanges {
    Uuid id;
    Settings<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Settings<Patch>::fields(s.changes));
    }
};

/// A new one, as it was asked for: what is left out the decider fills in.
template <template <template <class> class> class Settings>
struct NewItem {
    Settings<Patch> settings;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return Settings<Patch>::fields(s.settings);
    }
};

/// The refusal of an id that nothing has. `what` is the noun: "peer".
[[nodiscard]] inline std::unexpected<Rejection> missing(std::string_view what, const Uuid& id) {
    return reject("not_found", fmt::format("there is no {} {}", what, to_string(id)));
}

/// The one with this id in a CowMap, or missing().
template <class Map>
[[nodiscard]] Result<const typename Map::Mapped*> existing(const Map& map, const Uuid& id,
                                                           std::string_view what) {
    const auto* found = map.find(id);
    if (found == nullptr) return missing(what, id);
    return found;
}

}  // namespace pic
