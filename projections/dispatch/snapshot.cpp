// The whole world as one document, and back.
#include "projections/dispatch.hpp"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "projections/every_service.hpp"

namespace pic {
namespace {

template <class State>
void reindex_by_lookup(State& state) {
    if constexpr (requires { reindex(state); }) reindex(state);
}

}  // namespace

void reindex_world(World& world) {
    each_service([&]<class S> { reindex_by_lookup(world.edit<S>()); });
}

std::string snapshot_world(const World& world) {
    std::string out = R"({"sequence":)";
    write_json(out, world.sequence);
    each_service([&]<class S> {
        out += ",\"";
        out += S::name;
        out += "\":";
        write_json(out, world.get<S>());
    });
    out += '}';
    return out;
}

Result<World> parse_world(std::string_view snapshot) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(snapshot.data(), snapshot.size()).get(object) != simdjson::SUCCESS) {
        return reject("bad_snapshot", "the snapshot is no JSON object");
    }
    World world;
    FieldErrors errors;
    const JsonPath root;
    record_detail::Members members(object);
    record_detail::read_field(members, field("sequence", world.sequence), root, errors);
    each_service([&]<class S> {
        record_detail::read_field(members, field(S::name, world.edit<S>()), root, errors);
        reindex_by_lookup(world.edit<S>());
    });
    if (!errors.empty()) {
        auto detail = errors.front().pointer + ": " + errors.front().detail;
        return reject("bad_snapshot", std::move(detail), std::move(errors));
    }
    return world;
}

std::string cell_config(const World& world) {
    return nlohmann::ordered_json::parse(snapshot_world(world)).dump(2) + "\n";
}

}  // namespace pic
