// What a service is to the rest of the system, as types. A folder of projections/ defines a struct with
//
//     static constexpr std::string_view name;      "dns", also the name of its agent's service where it
//     renders using State  = ...;                          a record of CowMaps and scalars using Events =
//     TypeList<...>;                each with `type`, `schema_version` and `fields` using Commands =
//     TypeList<...>;              each with `type` and `fields` static auto resources(auto& state);
//     std::tuple of collection(...) and singleton(...) static constexpr bool renders;               whether
//     it has artefacts
//
//     static constexpr std::string_view area;      the scopes that its events want ("vault:read"), where that
//     is not its name
//
// and beside it, found by argument-dependent look-up, pure functions:
//
//     Result<Decision> decide(const World&, const Command&);
//     void evolve(State&, const Event&, const Meta&);           also for other services' events that concern
//     it void prepare(Command&, Supply&);                           where a command needs fresh ids or keys
//     void render(const World* before, const World& now, Renderer&);
//     bool wanted(Service, const World&);                               where there are worlds in which it
//     does not run void reconcile(const World& now, const World& target, Reconciler&); void
//     go_forward(Service, const World& restored, Forwarder&);  where something must not come back with a
//     backup: keys and secrets that were given up void reindex(State&); where State has indexes that are not
//     in its record
//
// Everything else (dispatch by name, JSON, queries, snapshots, undo) is made from these by the registry.
// Virtual base classes were rejected: they would need a line of forwarding for each of these and lose the
// types on the way.
#pragma once

#include <string_view>

#include "projections/core/decision.hpp"
#include "projections/core/supply.hpp"
#include "projections/registry.hpp"
#include "schema/cow_map.hpp"
#include "schema/record.hpp"

namespace pic {

/// A list of resources under their ids, as `GET /<name>` shows them.
template <class Map>
struct Collection {
    std::string_view name;
    Map& map;
};
/// One resource, as `GET /<name>` shows it.
template <class T>
struct Singleton {
    std::string_view name;
    T& value;
};
template <class Map>
Collection<Map> collection(std::string_view name, Map& map) {
    return {name, map};
}
template <class T>
Singleton<T> singleton(std::string_view name, T& value) {
    return {name, value};
}

/// A map is written to snapshots as a list of its values; reading gives each back its key through
/// key_of(value).
template <class K, class V>
void write_json(std::string& out, const CowMap<K, V>& map) {
    out += '[';
    map.for_each([&](const K&, const V& value) {
        if (out.back() != '[') out += ',';
        write_json(out, value);
    });
    out += ']';
}

template <class K, class V>
void read_json(simdjson::dom::element json, CowMap<K, V>& map, const JsonPath& at, FieldErrors& errors) {
    simdjson::dom::array items;
    if (json.get(items) != simdjson::SUCCESS) return add_error(errors, at, "must be a list");
    map.clear();
    std::size_t index = 0;
    for (const auto item : items) {
        const JsonPath here{&at, {}, index++, true};
        V value;
        read_json(item, value, here, errors);
        if (!errors.empty()) return;
        K key = key_of(value);
        map.assign(std::move(key), std::move(value));
    }
}

}  // namespace pic
