// Calendars and address books: for every person who may use the service one of each, called "personal" and
// "contacts", and the collections that people add. A collection that is removed is closed to everybody and
// otherwise left as it is: undo opens it again with all that is in it.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic
namespace pic::accounts {
struct UserRemoved;
}

namespace pic::calendar {

enum class Kind { calendar, addressbook };
constexpr std::array<std::string_view, 2> enum_names(Kind) { return {"calendar", "addressbook"}; }

struct Collection {
    Uuid id, user_id;
    Label name;  ///< of its folder: https://.../<user>/<name>/
    Kind kind = Kind::calendar;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("user_id", s.user_id), field("name", s.name),
                          field("kind", s.kind), field("version", s.version),
                          field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Collection& c) { return c.id; }

struct State {
    CowMap<Uuid, Collection> collections;
    CowMap<Uuid, Collection> closed;    ///< removed, and not there again under their names
    CowMap<std::string, Uuid> by_path;  ///< index: "<user id>/<name>" of collections
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("collections", s.collections), field("closed", s.closed));
    }
};

// --- events

struct CollectionAdded {
    static constexpr std::string_view type = "CollectionAdded";
    static constexpr int schema_version = 1;
    Uuid id, user_id;
    Label name;
    Kind kind = Kind::calendar;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("user_id", s.user_id), field("name", s.name),
                          field("kind", s.kind));
    }
};

struct CollectionRemoved : ById {
    static constexpr std::string_view type = "CollectionRemoved";
    static constexpr int schema_version = 1;
};

// --- commands

struct AddCollection {
    static constexpr std::string_view type = "AddCollection";
    Uuid user_id;
    Label name;
    Kind kind = Kind::calendar;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("user_id", s.user_id), field("name", s.name), defaulted("kind", s.kind));
    }
};

struct RemoveCollection : ById {
    static constexpr std::string_view type = "RemoveCollection";
};

/// Undo and restore of a removal. Not offered by the API.
struct RestoreCollection {
    static constexpr std::string_view type = "RestoreCollection";
    CollectionAdded collection;
    Moving moving;  // set by reconcile()
    template <class Self>
    static auto fields(Self& s) {
        return CollectionAdded::fields(s.collection);
    }
};

struct Service {
    static constexpr std::string_view name = "calendar";
    static constexpr bool renders = true;
    using State = calendar::State;
    using Events = TypeList<CollectionAdded, CollectionRemoved>;
    using Commands = TypeList<AddCollection, RemoveCollection, RestoreCollection>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(pic::collection("calendar_collections", state.collections));
    }
};

inline constexpr std::size_t collections_limit = 10'000;
inline constexpr char config_path[] = "config";
inline constexpr char users_path[] = "users";
inline constexpr char rights_path[] = "rights";
[[nodiscard]] std::string stream_of(const Uuid& id);

void prepare(AddCollection& command, Supply& supply);
[[nodiscard]] Result<Decision> decide(const World& world, const AddCollection& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveCollection& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RestoreCollection& command);
void evolve(State& state, const CollectionAdded& event, const Meta& meta);
void evolve(State& state, const CollectionRemoved& event, const Meta& meta);
void evolve(State& state, const accounts::UserRemoved& event, const Meta& meta);
void reindex(State& state);
void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::calendar
