#include <algorithm>

#include "projections/accounts/decisions.hpp"

namespace pic::accounts {
namespace {

/// By id, so that a snapshot brings them back in the same order.
void index(State& state, const AppPassword& app) {
    auto* apps = state.apps_of.edit(app.user);
    if (apps != nullptr) {
        apps->insert(std::ranges::upper_bound(*apps, app.id), app.id);
    } else {
        state.apps_of.assign(app.user, {app.id});
    }
}

template <class Event, class Change>
void edit(State& state, const Event& event, const Meta& meta, Change&& change) {
    if (User* user = state.users.edit(event.id)) {
        change(*user);
        user->version = meta.version;
    }
}

}  // namespace

void evolve(State& state, const UserAdded& event, const Meta& meta) {
    state.by_username.assign(event.username.text, event.id);
    state.users.assign(
        event.id,
        User{event.id, event.username, event.profile, event.password, {}, {}, meta.version, meta.at});
}

void evolve(State& state, const UserChanged& event, const Meta& meta) {
    edit(state, event, meta, [&](User& user) { apply_patch(user.profile, event.changes); });
}

void evolve(State& state, const PasswordChanged& event, const Meta& meta) {
    edit(state, event, meta, [&](User& user) { user.password = event.password; });
}

void evolve(State& state, const SecondFactorSet& event, const Meta& meta) {
    edit(state, event, meta, [&](User& user) {
        user.totp_ref = event.totp_ref;
        user.recovery_ref = event.recovery_ref;
    });
}

void evolve(State& state, const UserRemoved& event, const Meta&) {
    const User* user = state.users.find(event.id);
    if (user == nullptr) return;
    if (const auto* apps = state.apps_of.find(event.id)) {
        for (const auto& app : *apps) state.app_passwords.erase(app);
        state.apps_of.erase(event.id);
    }
    state.by_username.erase(user->username.text);
    state.users.erase(event.id);
}

void evolve(State& state, const GroupAdded& event, const Meta& meta) {
    state.by_group_name.assign(event.name.text, event.id);
    state.groups.assign(event.id, Group{event.id, event.name, event.description, meta.version, meta.at});
}

void evolve(State& state, const GroupChanged& event, const Meta& meta) {
    Group* group = state.groups.edit(event.id);
    if (group == nullptr) return;
    state.by_group_name.erase(group->name.text);
    group->name = event.name;
    group->description = event.description;
    group->version = meta.version;
    state.by_group_name.assign(event.name.text, event.id);
}

void evolve(State& state, const GroupRemoved& event, const Meta&) {
    const Group* group = state.groups.find(event.id);
    if (group == nullptr) return;
    std::vector<Uuid> members;
    state.users.for_each([&](const Uuid& id, const User& user) {
        if (std::ranges::find(user.profile.groups, event.id) != user.profile.groups.end())
            members.push_back(id);
    });
    for (const auto& id : members) std::erase(state.users.edit(id)->profile.groups, event.id);
    state.by_group_name.erase(group->name.text);
    state.groups.erase(event.id);
}

void evolve(State& state, const AppPasswordAdded& event, const Meta& meta) {
    AppPassword app{event.id,         event.user,       event.service, event.name,
                    event.bcrypt_ref, event.sha512_ref, meta.version,  meta.at};
    index(state, app);
    state.app_passwords.assign(event.id, std::move(app));
}

void evolve(State& state, const AppPasswordRemoved& event, const Meta&) {
    const AppPassword* app = state.app_passwords.find(event.id);
    if (app == nullptr) return;
    if (auto* apps = state.apps_of.edit(app->user)) std::erase(*apps, event.id);
    state.app_passwords.erase(event.id);
}

void evolve(State& state, const InvitationAdded& event, const Meta& meta) {
    state.invitations.assign(event.id, Invitation{event.id, event.profile, event.expires_at, event.hash_ref,
                                                  meta.version, meta.at});
}

void evolve(State& state, const InvitationRemoved& event, const Meta&) { state.invitations.erase(event.id); }

void reindex_people(State& state) {
    state.by_username.clear();
    state.by_group_name.clear();
    state.apps_of.clear();
    state.users.for_each(
        [&](const Uuid& id, const User& user) { state.by_username.assign(user.username.text, id); });
    state.groups.for_each(
        [&](const Uuid& id, const Group& group) { state.by_group_name.assign(group.name.text, id); });
    state.app_passwords.for_each([&](const Uuid&, const AppPassword& app) { index(state, app); });
}

}  // namespace pic::accounts
