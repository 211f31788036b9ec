// Events by name: read, brought up to date, and folded into every service that has an evolve() for them.
#include "projections/dispatch.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <unordered_map>

#include "projections/every_service.hpp"

namespace pic {
namespace {

struct EventType {
    int schema_version = 1;
    /// The typed reading of `json`, folded into every service's state that has an evolve() for it; the fault,
    /// if any.
    std::optional<Rejection> (*apply)(World&, simdjson::dom::element json, const Meta&) = nullptr;
    std::string (*upcast)(int from, std::string data) = nullptr;
    std::string_view area;
};

template <class S, class E>
void evolve_one(World& world, const E& event, const Meta& meta) {
    if constexpr (requires(typename S::State& state) { evolve(state, event, meta); })
        evolve(world.edit<S>(), event, meta);
}

template <class E>
std::optional<Rejection> apply_event(World& world, simdjson::dom::element json, const Meta& meta) {
    auto event = from_json<E>(json);
    if (!event) return event.error();
    each_service([&]<class S> { evolve_one<S>(world, *event, meta); });
    return std::nullopt;
}

template <class S>
constexpr std::string_view area_of() {
    if constexpr (requires { S::area; }) {
        return S::area;
    } else {
        return S::name;
    }
}

template <class E>
std::string upcast_event(int from, std::string data) {
    if constexpr (requires { E::upcast(from, data); }) {
        return E::upcast(from, std::move(data));
    } else {
        return data;
    }
}

const std::unordered_map<std::string_view, EventType>& event_table() {
    static const auto table = [] {
        std::unordered_map<std::string_view, EventType> made;
        each_service([&]<class S> {
            each_type(typename S::Events{}, [&]<class E> {
                made.emplace(E::type,
                             EventType{E::schema_version, &apply_event<E>, &upcast_event<E>, area_of<S>()});
            });
        });
        return made;
    }();
    return table;
}

}  // namespace

BadEvent::BadEvent(Sequence at, const std::string& why)
    : std::runtime_error(fmt::format("event {} cannot be read: {}", at.value, why)), sequence(at) {}

struct Evolver::Parser {
    simdjson::dom::parser json;
};

Evolver::Evolver() : parser_(std::make_unique<Parser>()) {}
Evolver::~Evolver() = default;

void Evolver::apply(World& world, const EventView& event) {
    const auto type = event_table().find(event.type);
    if (type == event_table().end()) {
        throw BadEvent(event.meta.sequence,
                       fmt::format("its type '{}' is unknown to this version", event.type));
    }
    std::string upcasted;
    std::string_view data = event.data;
    bool padded = event.padded;
    if (event.schema_version != type->second.schema_version) {
        if (event.schema_version > type->second.schema_version) {
            throw BadEvent(event.meta.sequence, "it was written by a newer version of this program");
        }
        upcasted = type->second.upcast(event.schema_version, std::string(data));
        data = upcasted;
        padded = false;
    }
    simdjson::dom::element json;
    if (parser_->json.parse(data.data(), data.size(), !padded).get(json) != simdjson::SUCCESS) {
        throw BadEvent(event.meta.sequence, "its data is no JSON");
    }
    if (const auto fault = type->second.apply(world, json, event.meta)) {
        const auto where = fault->errors.empty() ? std::string() : fault->errors.front().pointer + ": ";
        throw BadEvent(event.meta.sequence,
                       fmt::format("its data no longer parses: {}{}", where, fault->detail));
    }
    world.sequence = event.meta.sequence;
}

std::string upcast(std::string_view type, int schema_version, std::string data) {
    const auto found = event_table().find(type);
    if (found == event_table().end() || found->second.schema_version == schema_version) return data;
    return found->second.upcast(schema_version, std::move(data));
}

std::string_view area_of_event(std::string_view type) {
    const auto found = event_table().find(type);
    return found == event_table().end() ? std::string_view{} : found->second.area;
}

std::vector<std::string_view> event_types() {
    std::vector<std::string_view> types;
    for (const auto& [type, entry] : event_table()) types.push_back(type);
    std::ranges::sort(types);
    return types;
}

}  // namespace pic
