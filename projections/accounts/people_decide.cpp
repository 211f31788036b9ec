#include <algorithm>

#include "projections/accounts/decisions.hpp"
#include "projections/accounts/departed.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/core/command.hpp"
#include "projections/peers/peers.hpp"

namespace pic::accounts {
namespace {

bool is_personal(std::string_view service) {
    return std::ranges::find(personal_services, service) != personal_services.end();
}

Result<const User*> existing(const World& world, const Uuid& id) {
    return pic::existing(state_of(world).users, id, "user");
}

Result<void> check_username(const World& world, const Label& username) {
    if (!state_of(world).by_username.contains(username.text)) return {};
    return reject("name_taken", fmt::format("there is a user {} already", username.text),
                  {{"/username", "this name is taken"}});
}

Result<void> check_profile(const World& world, const Profile<Plain>& profile) {
    for (std::size_t i = 0; i < profile.groups.size(); ++i) {
        if (!state_of(world).groups.contains(profile.groups[i])) {
            return invalid_field(fmt::format("/groups/{}", i), "there is no such group");
        }
        if (std::ranges::count(profile.groups, profile.groups[i]) > 1) {
            return invalid_field(fmt::format("/groups/{}", i), "this group is named twice");
        }
    }
    const auto services = profile.services.value_or(std::vector<Label>{});
    for (std::size_t i = 0; i < services.size(); ++i) {
        if (is_personal(services[i].text)) continue;
        return invalid_field(fmt::format("/services/{}", i),
                             fmt::format("people do not sign in to a service '{}'", services[i].text));
    }
    return {};
}

/// Refuses what would leave the cell without anybody who may do everything.
Result<void> keep_an_admin(const World& world, const User& leaving) {
    if (leaving.profile.role != Role::admin) return {};
    bool other = false;
    state_of(world).users.for_each_while([&](const Uuid& id, const User& user) {
        other = id != leaving.id && user.profile.role == Role::admin;
        return !other;
    });
    if (other) return {};
    return reject("last_admin",
                  fmt::format("{} is the only administrator: make another one first", leaving.username.text));
}

/// Everything of a person that is not the account itself.
void emit_belongings(const World& world, const User& user, Decision& decision) {
    world.get<peers::Service>().peers.for_each([&](const Uuid& id, const peers::Peer& peer) {
        if (peer.settings.owner && peer.settings.owner->text == user.username.text) {
            decision.emit(peers::stream_of(id), peers::PeerRemoved{id});
        }
    });
    state_of(world).tokens.for_each([&](const Uuid& id, const Token& token) {
        if (token.owner == "user:" + user.username.text)
            decision.emit(stream_of("token", id), TokenRemoved{id});
    });
    world.get<certificates::Service>().certificates.for_each(
        [&](const Uuid& id, const certificates::Certificate& certificate) {
            const auto& content = certificate.content;
            if (content.purpose != certificates::Purpose::client || content.subject != user.username.text ||
                certificate.revoked_at)
                return;
            decision.emit(certificates::stream_of(id),
                          certificates::CertificateRevoked{id, certificates::Reason::privilege_withdrawn});
        });
}

}  // namespace

std::string subject_of(const Uuid& user) { return "user/" + to_string(user); }

bool may_use(const User& user, std::string_view service) {
    const auto& allowed = user.profile.services;
    return !allowed || std::ranges::any_of(*allowed, [&](const Label& one) { return one.text == service; });
}

bool has_left(const World& now, const World& then, std::string_view username) {
    const Uuid* id = state_of(then).by_username.find(std::string(username));
    return id != nullptr && !state_of(now).users.contains(*id);
}

std::vector<SecretRef> credentials(const State& state, const User& user, std::string_view service,
                                   PasswordForm form) {
    std::vector<SecretRef> refs;
    if (!may_use(user, service)) return refs;
    const auto& own = form == PasswordForm::bcrypt ? user.password.bcrypt_ref : user.password.sha512_ref;
    if (own && !user.totp_ref) refs.push_back(*own);
    const auto* apps = state.apps_of.find(user.id);
    if (apps == nullptr) return refs;
    for (const auto& id : *apps) {
        const auto* app = state.app_passwords.find(id);
        if (app == nullptr || app->service.text != service) continue;
        refs.push_back(form == PasswordForm::bcrypt ? app->bcrypt_ref : app->sha512_ref);
    }
    return refs;
}

// --- users
// -------------------------------------------------------------------------------------------------------------

Result<Decision> decide(const World& world, const AddUser& command) {
    auto ok = check_username(world, command.username);
    if (ok) ok = check_profile(world, command.profile);
    if (!ok) return std::unexpected(ok.error());
    return change("users", "user",
                  UserAdded{command.id, command.username, command.profile, command.password});
}

Result<Decision> decide(const World& world, const ChangeUser& command) {
    const auto user = existing(world, command.id);
    if (!user) return std::unexpected(user.error());
    const auto& before = (*user)->profile;
    auto after = before;
    apply_patch(after, command.changes);
    if (auto ok = check_profile(world, after); !ok) return std::unexpected(ok.error());
    if (after.role != Role::admin) {
        if (auto ok = keep_an_admin(world, **user); !ok) return std::unexpected(ok.error());
    }
    const UserChanged changed{{command.id, difference<Profile>(before, after)}};
    auto decision = change("users", "user", changed);
    if (is_empty<Profile>(changed.changes)) decision.events.clear();
    return decision;
}

Result<Decision> decide(const World& world, const ChangePassword& command) {
    const auto user = existing(world, command.id);
    if (!user) return std::unexpected(user.error());
    return change("users", "user", PasswordChanged{command.id, command.password});
}

Result<Decision> decide(const World& world, const RemoveUser& command) {
    const auto user = existing(world, command.id);
    if (!user) return std::unexpected(user.error());
    if (auto ok = keep_an_admin(world, **user); !ok) return std::unexpected(ok.error());
    Decision decision;
    emit_belongings(world, **user, decision);
    auto removal = change("users", "user", UserRemoved{command.id}, true);
    decision.resource = std::move(removal.resource);
    decision.events.push_back(std::move(removal.events.front()));
    return decision;
}

Result<Decision> decide(const World& world, const SetSecondFactor& command) {
    const auto user = existing(world, command.id);
    if (!user) return std::unexpected(user.error());
    if (!command.totp_ref && !(*user)->totp_ref)
        return reject("not_found", "this person has no second factor");
    return change("users", "user", SecondFactorSet{command.id, command.totp_ref, command.recovery_ref});
}

// --- groups
// ------------------------------------------------------------------------------------------------------------

namespace {

Result<void> check_group_name(const World& world, const Label& name, const Uuid& id) {
    const auto* taken = state_of(world).by_group_name.find(name.text);
    if (taken == nullptr || *taken == id) return {};
    return reject("name_taken", fmt::format("there is a group {} already", name.text),
                  {{"/name", "this name is taken"}});
}

}  // namespace

void prepare(AddGroup& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddGroup& command) {
    if (auto ok = check_group_name(world, command.name, command.id); !ok) return std::unexpected(ok.error());
    return change("groups", "group", GroupAdded{command.id, command.name, command.description});
}

Result<Decision> decide(const World& world, const ChangeGroup& command) {
    const auto* group = state_of(world).groups.find(command.id);
    if (group == nullptr) return missing("group", command.id);
    GroupChanged changed{command.id, group->name, group->description};
    if (command.name.present) changed.name = command.name.value;
    if (command.description.present) changed.description = command.description.value;
    if (auto ok = check_group_name(world, changed.name, command.id); !ok) return std::unexpected(ok.error());
    auto decision = change("groups", "group", changed);
    if (changed.name == group->name && changed.description == group->description) decision.events.clear();
    return decision;
}

Result<Decision> decide(const World& world, const RemoveGroup& command) {
    if (!state_of(world).groups.contains(command.id)) return missing("group", command.id);
    return change("groups", "group", GroupRemoved{command.id}, true);
}

// --- app passwords
// -----------------------------------------------------------------------------------------------------

Result<Decision> decide(const World& world, const AddAppPassword& command) {
    const auto user = existing(world, command.user);
    if (!user) return std::unexpected(user.error());
    if (!is_personal(command.service.text) || !may_use(**user, command.service.text)) {
        return invalid_field("/service", fmt::format("{} does not sign in to '{}'", (*user)->username.text,
                                                     command.service.text));
    }
    const auto* apps = state_of(world).apps_of.find(command.user);
    if (apps != nullptr && apps->size() >= app_passwords_limit) {
        return reject("too_many", fmt::format("a person has at most {} app passwords", app_passwords_limit));
    }
    return change("app_passwords", "app-password",
                  AppPasswordAdded{command.id, command.user, command.service, command.name,
                                   command.bcrypt_ref, command.sha512_ref});
}

Result<Decision> decide(const World& world, const RemoveAppPassword& command) {
    const auto* app = state_of(world).app_passwords.find(command.app);
    if (app == nullptr || app->user != command.id) return missing("app password", command.app);
    return change("app_passwords", "app-password", AppPasswordRemoved{command.app}, true);
}

// --- invitations
// -------------------------------------------------------------------------------------------------------

Result<Decision> decide(const World& world, const AddInvitation& command) {
    if (auto ok = check_profile(world, command.profile); !ok) return std::unexpected(ok.error());
    return change("invitations", "invitation",
                  InvitationAdded{command.id, command.profile, command.expires_at, command.hash_ref});
}

Result<Decision> decide(const World& world, const RemoveInvitation& command) {
    if (!state_of(world).invitations.contains(command.id)) return missing("invitation", command.id);
    return change("invitations", "invitation", InvitationRemoved{command.id, std::nullopt}, true);
}

Result<Decision> decide(const World& world, const AcceptInvitation& command) {
    const auto* invitation = state_of(world).invitations.find(command.id);
    if (invitation == nullptr || invitation->expires_at <= command.now) {
        return reject("invitation_invalid", "this invitation has been used or taken back, or its time is up");
    }
    if (auto ok = check_username(world, command.username); !ok) return std::unexpected(ok.error());
    auto profile = invitation->profile;
    if (command.display_name) profile.display_name = command.display_name;
    // A group that has gone since is no reason to turn the guest away.
    std::erase_if(profile.groups, [&](const Uuid& group) { return !state_of(world).groups.contains(group); });
    auto decision = change("users", "user",
                           UserAdded{command.user, command.username, std::move(profile), command.password});
    decision.emit(stream_of("invitation", command.id), InvitationRemoved{command.id, command.user});
    return decision;
}

}  // namespace pic::accounts
