// Resources by collection and key, as the API shows them.
#include "projections/dispatch.hpp"

#include <algorithm>
#include <unordered_map>

#include "projections/every_service.hpp"

namespace pic {
namespace {

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

/// As answers show it: itself, or what the service makes of it with shown(world, value).
template <class T>
void write_shown(std::string& out, const World& world, const T& value) {
    if constexpr (requires { shown(world, value); }) {
        write_public_json(out, shown(world, value));
    } else {
        write_public_json(out, value);
    }
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
    write_shown(out, world, *value);
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
            write_shown(page.items, world, value);
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
std::string public_json(const World& world, const T& value) {
    std::string out;
    write_shown(out, world, value);
    return out;
}

/// Resources that were only touched, and read the same, are no change.
void add_change(std::vector<ResourceChange>& out, std::string_view collection, std::string key,
                std::string before, std::string after) {
    if (before != after)
        out.push_back({std::string(collection), std::move(key), std::move(before), std::move(after)});
}

template <class S, std::size_t I>
void diff_entry(const World& before, const World& after, std::vector<ResourceChange>& out) {
    const auto was = entry<S, I>(before);
    const auto is = entry<S, I>(after);
    if constexpr (is_collection<decltype(is)>) {
        using Map = std::remove_cvref_t<decltype(is.map)>;
        const auto text = [](const World& world, const auto* value) {
            return value == nullptr ? std::string() : public_json(world, *value);
        };
        Map::diff(was.map, is.map, [&](const auto& key, const auto* old, const auto* now) {
            add_change(out, is.name, key_text(key), text(before, old), text(after, now));
        });
    } else {
        add_change(out, is.name, {}, public_json(before, was.value), public_json(after, is.value));
    }
}

template <class S>
void diff_service(const World& before, const World& after, std::vector<ResourceChange>& out) {
    using Entries = decltype(S::resources(std::declval<const typename S::State&>()));
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (diff_entry<S, I>(before, after, out), ...);
    }(std::make_index_sequence<std::tuple_size_v<Entries>>{});
}

}  // namespace

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

}  // namespace pic
