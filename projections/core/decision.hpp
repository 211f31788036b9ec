// What a decider returns: the facts that follow from a command, and which resource the answer should show. A
// decider never numbers, times or signs an event: that is the writer's.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "schema/event.hpp"
#include "schema/record.hpp"

namespace pic {

/// Names a resource for queries: the collection ("peers", or a singleton such as "cell") and the key within
/// it.
struct ResourceName {
    std::string collection;
    std::string key;     ///< "" for a singleton
    std::string stream;  ///< the stream whose version is the resource's ETag
    bool removed = false;
    friend bool operator==(const ResourceName&, const ResourceName&) = default;
};

struct Decision {
    std::vector<NewEvent> events;
    ResourceName resource;

    template <class E>
    void emit(std::string stream, const E& event) {
        events.push_back({std::move(stream), std::string(E::type), E::schema_version, to_json(event)});
    }
};

/// The streams that one restore brings back together. What one of them has now does not stand in the way of
/// another: two peers may exchange their names, and a record take the name of a peer that goes.
using Moving = std::shared_ptr<const std::set<std::string, std::less<>>>;
[[nodiscard]] inline bool is_moving(const Moving& moving, std::string_view stream) {
    return moving != nullptr && moving->contains(stream);
}

/// Passed to evolve() beside the event: the part of the envelope that state may keep.
struct Meta {
    Sequence sequence;
    StreamVersion version;
    Timestamp at;
    /// False: indexes that reindex() makes may be left as they are, since it will be called after the last of
    /// many events. A long replay would else look up, in texts, where every passing value lay.
    bool indexed = true;
};

}  // namespace pic
