#include "projections/dispatch.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "projections/world.hpp"

namespace pic {
namespace {

// --- visiting the registry
// -------------------------------------------------------------------------------------------

template <class F, class... S>
void each_type(TypeList<S...>, F&& f) {
    (f.template operator()<S>(), ...);
}
template <class F>
void each_service(F&& f) {
    each_type(Services{}, std::forward<F>(f));
}

// --- events
// ----------------------------------------------------------------------------------------------------------

struct EventType {
    int schema_version = 1;
    /// The typed reading of `json`, folded into every service's state that has an evolve() for it; the fault,
    /// if any.
    std::optional<Rejection> (*apply)(World&, simdjson::dom::element json, const Meta&) = nullptr;
    std::string (*upcast)(int from, std::string data) = nullptr;
};

template <class State, class E>
void evolve_one(State& state, const E& event, const Meta& meta) {
    if constexpr (requires { evolve(state, event, meta); }) evolve(state, event, meta);
}

template <class E>
std::optional<Rejection> apply_event(World& world, simdjson::dom::element json, const Meta& meta) {
    auto event = from_json<E>(json);
    if (!event) return event.error();
    std::apply([&](auto&... state) { (evolve_one(state, *event, meta), ...); }, world.states());
    return std::nullopt;
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
                made.emplace(E::type, EventType{E::schema_version, &apply_event<E>, &upcast_event<E>});
            });
        });
        return made;
    }();
    return table;
}

// --- commands
// --------------------------------------------------------------------------------------------------------

using Decode = Result<AnyCommand> (*)(simdjson::dom::element);

template <class C>
Result<AnyCommand> decode_as(simdjson::dom::element json) {
    auto data = from_json<C>(json);
    if (!data) return std::unexpected(std::move(data.error()));
    return std::make_unique<CommandOf<C>>(*std::move(data));
}

const std::unordered_map<std::string_view, Decode>& command_table() {
    static const auto table = [] {
        std::unordered_map<std::string_view, Decode> made;
        each_service([&]<class S> {
            each_type(typename S::Commands{}, [&]<class C> { made.emplace(C::type, &decode_as<C>); });
        });
        return made;
    }();
    return table;
}

// --- artefacts
// -------------------------------------------------------------------------------------------------------

using Render = void (*)(const World*, const World&, Renderer&);

struct RenderTable {
    std::vector<std::string_view> names;
    std::unordered_map<std::string_view, Render> by_name;
    std::unordered_map<std::string_view, bool (*)(const World&)> wanted;
};

template <class S>
bool wanted_by_lookup(const World& world) {
    if constexpr (requires { wanted(S{}, world); }) return wanted(S{}, world);
    return true;
}

template <class S>
void render_by_lookup(const World* before, const World& now, Renderer& out) {
    render(S{}, before, now, out);
}

const RenderTable& render_table() {
    static const auto table = [] {
        RenderTable made;
        each_service([&]<class S> {
            if constexpr (S::renders) {
                made.names.push_back(S::name);
                made.by_name.emplace(S::name, &render_by_lookup<S>);
                made.wanted.emplace(S::name, &wanted_by_lookup<S>);
            }
        });
        return made;
    }();
    return table;
}

template <class S>
void reconcile_by_lookup(const World& now, const World& target, Reconciler& out) {
    if constexpr (requires { reconcile(S{}, now, target, out); }) reconcile(S{}, now, target, out);
}

template <class S>
void go_forward_by_lookup(const World& restored, Forwarder& out) {
    if constexpr (requires { go_forward(S{}, restored, out); }) go_forward(S{}, restored, out);
}

// --- resources
// -------------------------------------------------------------------------------------------------------

template <class K>
std::optional<K> parse_key(std::string_view text) {
    if constexpr (std::same_as<K, Uuid>) {
        return parse_uuid(text);
    } else if constexpr (std::same_as<K, std::string>) {
        return std::string(text);
    } else {
        auto parsed = K::parse(text);
        if (!parsed) return std::nullopt;
        return *std::move(parsed);
    }
}

std::string key_text(const std::string& key) { return key; }
template <class K>
std::string key_text(const K& key) {
    return to_string(key);
}

struct ResourceType {
    std::optional<std::string> (*json)(const World&, std::string_view key) = nullptr;
    std::optional<StreamVersion> (*version)(const World&, std::string_view key) = nullptr;
    std::optional<ResourcePage> (*page)(const World&, std::string_view after, std::size_t limit) = nullptr;
};

/// The entry of index I of a service's resources().
template <class S, std::size_t I>
auto entry(const World& world) {
    return std::get<I>(S::resources(world.get<S>()));
}

template <class V>
constexpr bool is_collection = requires(const V& v) { v.map; };

template <class S, std::size_t I>
auto find_value(const World& world, std::string_view key) {
    const auto found = entry<S, I>(world);
    if constexpr (is_collection<decltype(found)>) {
        using Map = std::remove_cvref_t<decltype(found.map)>;
        using K = typename Map::Key;
        const auto parsed = parse_key<K>(key);
        return parsed ? found.map.find(*parsed) : nullptr;
    } else {
        return key.empty() ? &found.value : nullptr;
    }
}

template <class S, std::size_t I>
std::optional<std::string> json_of(const World& world, std::string_view key) {
    const auto* value = find_value<S, I>(world, key);
    if (value == nullptr) return std::nullopt;
    std::string out;
    out.reserve(1024);
    write_public_json(out, *value);
    return out;
}

template <class S, std::size_t I>
std::optional<StreamVersion> version_of(const World& world, std::string_view key) {
    const auto* value = find_value<S, I>(world, key);
    if (value == nullptr) return std::nullopt;
    return value->version;
}

template <class S, std::size_t I>
std::optional<ResourcePage> page_of(const World& world, std::string_view after, std::size_t limit) {
    const auto found = entry<S, I>(world);
    if constexpr (is_collection<decltype(found)>) {
        using K = typename std::remove_cvref_t<decltype(found.map)>::Key;
        ResourcePage page{"[", std::nullopt};
        std::size_t count = 0;
        std::string last;
        const auto visit = [&](const K& key, const auto& value) {
            if (count == limit) {
                page.next = last;
                return false;
            }
            if (count++ != 0) page.items += ',';
            write_public_json(page.items, value);
            last = key_text(key);
            return true;
        };
        if (after.empty()) {
            found.map.for_each_while(visit);
        } else {
            const auto key = parse_key<K>(after);
            if (!key) return std::nullopt;
            found.map.for_each_after(*key, visit);
        }
        page.items += ']';
        return page;
    } else {
        return std::nullopt;
    }
}

template <class S, std::size_t... I>
void add_resources(std::unordered_map<std::string_view, ResourceType>& table, std::index_sequence<I...>) {
    const World empty;
    (table.emplace(entry<S, I>(empty).name, ResourceType{&json_of<S, I>, &version_of<S, I>, &page_of<S, I>}),
     ...);
}

const std::unordered_map<std::string_view, ResourceType>& resource_table() {
    static const auto table = [] {
        std::unordered_map<std::string_view, ResourceType> made;
        each_service([&]<class S> {
            using Entries = decltype(S::resources(std::declval<const typename S::State&>()));
            add_resources<S>(made, std::make_index_sequence<std::tuple_size_v<Entries>>{});
        });
        return made;
    }();
    return table;
}

template <class T>
std::string public_json(const T& value) {
    std::string out;
    write_public_json(out, value);
    return out;
}

/// Resources that were only touched, and read the same, are no change.
void add_change(std::vector<ResourceChange>& out, std::string_view collection, std::string key,
                std::string before, std::string after) {
    if (before != after)
        out.push_back({std::string(collection), std::move(key), std::move(before), std::move(after)});
}

template <class Entry>
void diff_entry(const Entry& before, const Entry& after, std::vector<ResourceChange>& out) {
    if constexpr (is_collection<Entry>) {
        using Map = std::remove_cvref_t<decltype(after.map)>;
        const auto text = [](const auto* value) {
            return value == nullptr ? std::string() : public_json(*value);
        };
        Map::diff(before.map, after.map, [&](const auto& key, const auto* was, const auto* is) {
            add_change(out, after.name, key_text(key), text(was), text(is));
        });
    } else {
        add_change(out, after.name, {}, public_json(before.value), public_json(after.value));
    }
}

template <class S>
void diff_service(const World& before, const World& after, std::vector<ResourceChange>& out) {
    const auto was = S::resources(before.get<S>());
    const auto is = S::resources(after.get<S>());
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (diff_entry(std::get<I>(was), std::get<I>(is), out), ...);
    }(std::make_index_sequence<std::tuple_size_v<decltype(was)>>{});
}

template <class State>
void reindex_by_lookup(State& state) {
    if constexpr (requires { reindex(state); }) reindex(state);
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

void reindex_world(World& world) {
    each_service([&]<class S> { reindex_by_lookup(world.edit<S>()); });
}

std::string upcast(std::string_view type, int schema_version, std::string data) {
    const auto found = event_table().find(type);
    if (found == event_table().end() || found->second.schema_version == schema_version) return data;
    return found->second.upcast(schema_version, std::move(data));
}

Result<AnyCommand> decode_command(std::string_view type, simdjson::dom::element data) {
    const auto found = command_table().find(type);
    if (found == command_table().end())
        return reject("unknown_command", fmt::format("there is no command '{}'", type));
    return found->second(data);
}

bool is_command(std::string_view type) { return command_table().contains(type); }

std::vector<std::string_view> command_types() {
    std::vector<std::string_view> types;
    for (const auto& [type, decode] : command_table()) types.push_back(type);
    std::ranges::sort(types);
    return types;
}

std::vector<std::string_view> event_types() {
    std::vector<std::string_view> types;
    for (const auto& [type, entry] : event_table()) types.push_back(type);
    std::ranges::sort(types);
    return types;
}

const std::vector<std::string_view>& rendering_services() { return render_table().names; }

bool is_rendering_service(std::string_view name) { return render_table().by_name.contains(name); }

bool is_wanted(std::string_view service, const World& world) {
    return render_table().wanted.at(service)(world);
}

void render_service(std::string_view service, const World* before, const World& now, RenderedService& out) {
    Renderer renderer(out);
    render_table().by_name.at(service)(before, now, renderer);
}

Artefacts render_all(const World& now) {
    Artefacts all;
    for (const auto service : rendering_services())
        render_service(service, nullptr, now, all[std::string(service)]);
    return all;
}

std::vector<AnyCommand> reconcile_worlds(const World& now, const World& target,
                                         std::function<bool(std::string_view stream)> wants) {
    Reconciler out(std::move(wants));
    each_service([&]<class S> { reconcile_by_lookup<S>(now, target, out); });
    return out.take();
}

std::vector<AnyCommand> bring_forward(const World& restored, const World* replaced,
                                      std::function<bool(const SecretRef&)> has) {
    Forwarder out(replaced, std::move(has));
    each_service([&]<class S> { go_forward_by_lookup<S>(restored, out); });
    return out.take();
}

std::optional<std::string> resource_json(const World& world, std::string_view collection,
                                         std::string_view key) {
    const auto found = resource_table().find(collection);
    return found == resource_table().end() ? std::nullopt : found->second.json(world, key);
}

std::optional<StreamVersion> resource_version(const World& world, std::string_view collection,
                                              std::string_view key) {
    const auto found = resource_table().find(collection);
    return found == resource_table().end() ? std::nullopt : found->second.version(world, key);
}

std::optional<ResourcePage> list_resources(const World& world, std::string_view collection,
                                           std::string_view after, std::size_t limit) {
    const auto found = resource_table().find(collection);
    return found == resource_table().end() ? std::nullopt : found->second.page(world, after, limit);
}

std::vector<std::string_view> collection_names() {
    std::vector<std::string_view> names;
    for (const auto& [name, entry] : resource_table()) names.push_back(name);
    std::ranges::sort(names);
    return names;
}

std::vector<ResourceChange> diff_resources(const World& before, const World& after) {
    std::vector<ResourceChange> changes;
    each_service([&]<class S> { diff_service<S>(before, after, changes); });
    return changes;
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
