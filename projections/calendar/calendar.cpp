#include "projections/calendar/calendar.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "projections/accounts/accounts.hpp"
#include "projections/accounts/each_user.hpp"
#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::calendar {
namespace {

/// What every person has.
constexpr std::array<std::pair<std::string_view, Kind>, 2> own{
    {{"personal", Kind::calendar}, {"contacts", Kind::addressbook}}};

const State& state_of(const World& world) { return world.get<Service>(); }

std::string path_key(const Uuid& user, const Label& name) { return to_string(user) + "/" + name.text; }

ResourceName resource(const Uuid& id, bool removed = false) {
    return {"calendar_collections", to_string(id), stream_of(id), removed};
}

Result<Decision> add(const World& world, const CollectionAdded& c, const Moving& moving) {
    if (!world.get<accounts::Service>().users.contains(c.user_id)) {
        return invalid_field("/user_id", fmt::format("there is no user {}", to_string(c.user_id)));
    }
    const auto* owner = state_of(world).by_path.find(path_key(c.user_id, c.name));
    const bool taken = owner != nullptr && *owner != c.id && !is_moving(moving, stream_of(*owner));
    if (taken || std::ranges::any_of(own, [&](const auto& o) { return o.first == c.name.text; })) {
        return reject_at("name_taken", "/name",
                         fmt::format("this person has a collection {} already", c.name.text));
    }
    if (state_of(world).collections.size() >= collections_limit) {
        return reject("too_many", fmt::format("at most {} collections are kept", collections_limit));
    }
    Decision decision;
    decision.resource = resource(c.id);
    decision.emit(stream_of(c.id), c);
    return decision;
}

/// The agent's own words for paths and ports are options of the program; this is what is always so.
constexpr char server_config[] = R"([auth]
type = htpasswd
htpasswd_encryption = bcrypt
delay = 1
[rights]
type = from_file
[logging]
level = warning
)";

/// In the order of their keys, the first section that fits decides: closed collections (1-closed/...) come
/// before these.
constexpr char general_rights[] = R"([2-root]
user: .+
collection:
permissions: R

[2-principal]
user: .+
collection: {user}
permissions: RW

[2-collections]
user: .+
collection: {user}/[^/]+
permissions: rw
)";

std::string closed_section(const Label& user, const Collection& c) {
    return fmt::format("[1-closed-{}]\nuser: .*\ncollection: {}/{}\npermissions:\n\n", to_string(c.id),
                       user.text, c.name.text);
}

std::string seed_key(const Label& user, std::string_view name) {
    return fmt::format("seed/collection-root/{}/{}/.Radicale.props", user.text, name);
}

/// What Radicale keeps of a collection: its kind and the name that clients show.
std::string properties(std::string_view name, Kind kind) {
    return kind == Kind::calendar ? fmt::format(R"({{"tag": "VCALENDAR", "D:displayname": "{}"}})", name)
                                  : fmt::format(R"({{"tag": "VADDRESSBOOK", "D:displayname": "{}"}})", name);
}

void put_people(const World* before, const World& now, Renderer& out) {
    accounts::each_touched_user(before, now, [&](const Uuid& id, const accounts::User* user) {
        const auto key = "user/" + to_string(id);
        out.remove(users_path, key);
        if (user == nullptr || !accounts::may_use(*user, Service::name)) {
            const auto* gone = before == nullptr ? nullptr : before->get<accounts::Service>().users.find(id);
            for (const auto& [name, kind] : own) {
                if (gone != nullptr) out.remove(parameters_path, seed_key(gone->username, name));
            }
            return;
        }
        for (const auto& [name, kind] : own)
            out.parameter(seed_key(user->username, name), properties(name, kind));
        if (auto line = accounts::htpasswd_line(now, *user, Service::name); !line.empty())
            out.put(users_path, key, std::move(line));
    });
}

/// f(user's name, old or nullptr, new or nullptr) for the entries of a map of collections that differ, of
/// people there are.
template <class Get, class F>
void each_difference(const World* before, const World& now, Get&& get, F&& f) {
    using Map = CowMap<Uuid, Collection>;
    Map::diff(before == nullptr ? Map{} : get(*before), get(now),
              [&](const Uuid&, const Collection* was, const Collection* is) {
                  const auto& user_id = (is != nullptr ? is : was)->user_id;
                  const auto* user = now.get<accounts::Service>().users.find(user_id);
                  if (user == nullptr && before != nullptr)
                      user = before->get<accounts::Service>().users.find(user_id);
                  if (user != nullptr) f(user->username, was, is);
              });
}

}  // namespace

std::string stream_of(const Uuid& id) { return "collection-" + to_string(id); }

void prepare(AddCollection& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddCollection& command) {
    return add(world, {command.id, command.user_id, command.name, command.kind}, {});
}

Result<Decision> decide(const World& world, const RemoveCollection& command) {
    if (!state_of(world).collections.contains(command.id)) return missing("collection", command.id);
    Decision decision;
    decision.resource = resource(command.id, true);
    decision.emit(stream_of(command.id), CollectionRemoved{command.id});
    return decision;
}

Result<Decision> decide(const World& world, const RestoreCollection& command) {
    return add(world, command.collection, command.moving);
}

void evolve(State& state, const CollectionAdded& event, const Meta& meta) {
    std::vector<Uuid> again;  // what was closed under this name is open again
    state.closed.for_each([&](const Uuid& id, const Collection& c) {
        if (c.user_id == event.user_id && c.name == event.name) again.push_back(id);
    });
    for (const auto& id : again) state.closed.erase(id);
    state.by_path.assign(path_key(event.user_id, event.name), event.id);
    state.collections.assign(
        event.id, Collection{event.id, event.user_id, event.name, event.kind, meta.version, meta.at});
}

void evolve(State& state, const CollectionRemoved& event, const Meta& meta) {
    const auto* c = state.collections.find(event.id);
    if (c == nullptr) return;
    auto closed = *c;
    closed.version = meta.version;
    const auto key = path_key(c->user_id, c->name);
    const auto* owner = state.by_path.find(key);
    if (owner != nullptr && *owner == event.id) state.by_path.erase(key);
    state.collections.erase(event.id);
    state.closed.assign(event.id, std::move(closed));
}

/// A person's collections go with him.
void evolve(State& state, const accounts::UserRemoved& event, const Meta&) {
    for (auto* map : {&state.collections, &state.closed}) {
        std::vector<Uuid> gone;
        map->for_each([&](const Uuid& id, const Collection& c) {
            if (c.user_id == event.id) gone.push_back(id);
        });
        for (const auto& id : gone) map->erase(id);
    }
    reindex(state);
}

void reindex(State& state) {
    state.by_path.clear();
    state.collections.for_each(
        [&](const Uuid& id, const Collection& c) { state.by_path.assign(path_key(c.user_id, c.name), id); });
}

void render(Service, const World* before, const World& now, Renderer& out) {
    if (!now.get<cell::Service>().cell.claimed) return;
    if (before != nullptr && !before->get<cell::Service>().cell.claimed) before = nullptr;
    if (before == nullptr) {
        out.put(config_path, "0", std::string(server_config));
        out.put(users_path, "0", std::string("# name:hash\n"));
        out.put(rights_path, "2-general", std::string(general_rights));
    }
    put_people(before, now, out);
    each_difference(
        before, now, [](const World& w) -> const auto& { return state_of(w).collections; },
        [&](const Label& user, const Collection* was, const Collection* is) {
            if (is != nullptr) {
                out.parameter(seed_key(user, is->name.text), properties(is->name.text, is->kind));
            } else {
                out.remove(parameters_path, seed_key(user, was->name.text));
            }
        });
    each_difference(
        before, now, [](const World& w) -> const auto& { return state_of(w).closed; },
        [&](const Label& user, const Collection* was, const Collection* is) {
            const auto key = "1-closed/" + to_string((is != nullptr ? is : was)->id);
            if (is != nullptr) {
                out.put(rights_path, key, closed_section(user, *is));
            } else {
                out.remove(rights_path, key);
            }
        });
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Map = CowMap<Uuid, Collection>;
    Map::diff(state_of(now).collections, state_of(target).collections,
              [&](const Uuid& id, const Collection* is, const Collection* then) {
                  if (!out.wants(stream_of(id))) return;
                  if (then == nullptr) {
                      out.add(stream_of(id), RemoveCollection{id});
                  } else if (is == nullptr && now.get<accounts::Service>().users.contains(then->user_id)) {
                      const CollectionAdded back{id, then->user_id, then->name, then->kind};
                      out.add(stream_of(id), RestoreCollection{back, out.moving()});
                  }
              });
}

}  // namespace pic::calendar
