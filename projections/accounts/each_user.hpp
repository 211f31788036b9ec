// For services that give every person something (a space, a calendar, a mailbox): the people whose part may
// differ between two worlds, because they came, went or changed, or because a password of theirs did.
#pragma once

#include <set>

#include "projections/accounts/accounts.hpp"
#include "projections/world.hpp"

namespace pic::accounts {

/// f(id, user, or nullptr where there is none any more); with no `before` everybody.
template <class F>
void each_touched_user(const World* before, const World& now, F&& f) {
    const auto& state = now.get<Service>();
    if (before == nullptr) {
        state.users.for_each([&](const Uuid& id, const User& user) { f(id, &user); });
        return;
    }
    const auto& was = before->get<Service>();
    std::set<Uuid> touched;
    const auto add = [&](const Uuid& id, const auto*, const auto*) { touched.insert(id); };
    CowMap<Uuid, User>::diff(was.users, state.users, add);
    CowMap<Uuid, std::vector<Uuid>>::diff(was.apps_of, state.apps_of, add);
    for (const auto& id : touched) f(id, state.users.find(id));
}

/// The line of an htpasswd file for this person and service, or nothing where he may not use it. Such a file
/// holds one password a name: his own, or with a second factor the first app password.
[[nodiscard]] Nodes htpasswd_line(const World& world, const User& user, std::string_view service);

}  // namespace pic::accounts
