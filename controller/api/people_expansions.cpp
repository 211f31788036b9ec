// People and their passwords: hashed here, in every form that a service wants, and sealed before any event
// speaks of them.
#include <fmt/format.h>

#include <future>

#include "controller/access/random_text.hpp"
#include "controller/api/expansion.hpp"
#include "controller/api/gatekeeper.hpp"
#include "controller/api/people.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

using accounts::Role;

/// Nobody gives away, or takes over, more than they may do themselves.
Result<void> check_reach(const Expansion& e, Role role) {
    if (!e.call.principal || e.call.principal->scopes.covers(scopes_of(role))) return {};
    return reject("forbidden",
                  fmt::format("only who may do all that the role {} may can do this", enum_name(role)));
}

/// The person, at a session: a token speaks for its maker's rights, not for the maker.
bool is_self(const Expansion& e, const Uuid& user) {
    const auto& who = e.call.principal;
    return who && who->kind == http::Principal::Kind::session && who->user == user;
}

Result<const accounts::User*> existing(const World& world, const Uuid& id) {
    const auto* user = world.get<accounts::Service>().users.find(id);
    if (user == nullptr) return reject("not_found", fmt::format("there is no user {}", to_string(id)));
    return user;
}

/// Of a dry run the places alone.
Result<accounts::PasswordRefs> seal_password(Expansion& e, const Uuid& user, const Label& username,
                                             std::string_view text) {
    if (!e.call.dry_run) return seal_new_password(e.with.cell, e.with.passwords, user, username, text);
    if (auto fine = access::check_new_password(vault::Secret::copy_of(text)); !fine)
        return std::unexpected(std::move(fine.error()));
    const auto subject = accounts::subject_of(user);
    return accounts::PasswordRefs{{subject + "/password", 1},
                                  SecretRef{subject + "/password_bcrypt", 1},
                                  SecretRef{subject + "/password_sha512", 1}};
}

struct UserRequest {
    Label username;
    std::string password;
    accounts::Profile<Plain> profile;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("username", s.username), field("password", s.password)),
                              accounts::Profile<Plain>::fields(s.profile));
    }
};

Result<void> add_user(Expansion& e) {
    auto asked = from_json<UserRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    if (auto ok = check_reach(e, asked->profile.role); !ok) return ok;
    const auto id = core::new_uuid();
    auto refs = seal_password(e, id, asked->username, asked->password);
    if (!refs) return std::unexpected(std::move(refs.error()));
    e.add(accounts::AddUser{id, asked->username, std::move(asked->profile), *std::move(refs)});
    return {};
}

/// Every session of the user ends, but for the one that asks.
void end_sessions(Expansion& e, const Uuid& user) {
    const auto& who = e.call.principal;
    const auto own =
        who && who->kind == http::Principal::Kind::session ? std::optional(who->id) : std::nullopt;
    e.out.after.emplace_back(
        [&sessions = e.with.sessions, user, own] { (void)sessions.revoke_user(to_string(user), own); });
}

Result<void> change_user(Expansion& e) {
    auto asked = from_json<accounts::ChangeUser>(e.data);
    if (!asked) return std::unexpected(asked.error());
    const auto world = e.with.cell.world();
    const auto user = existing(*world, asked->id);
    if (!user) return std::unexpected(user.error());
    if (auto ok = check_reach(e, (*user)->profile.role); !ok) return ok;
    const auto& role = asked->changes.role;
    if (role.present) {
        if (auto ok = check_reach(e, role.value); !ok) return ok;
        if (role.value != (*user)->profile.role) end_sessions(e, asked->id);
    }
    e.add(*std::move(asked));
    return {};
}

struct PasswordRequest {
    Uuid id;
    std::string password;
    std::optional<std::string> current_password;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("password", s.password),
                          field("current_password", s.current_password));
    }
};

/// Who changes their own password proves that the session is theirs: it may have been left open.
Result<void> check_current(Expansion& e, const accounts::User& user, const PasswordRequest& asked) {
    if (!is_self(e, user.id)) return {};
    if (!asked.current_password) {
        return reject("invalid_field", "the current password is needed",
                      {{"/current_password", "this field is required"}});
    }
    constexpr std::string_view address = "own password";
    if (const auto wait = e.with.limiter.refuse(address, user.username.text, core::now())) {
        return reject("rate_limited", fmt::format("too many tries; the next is looked at in {} s", *wait));
    }
    std::promise<Result<access::Passwords::Verdict>> verified;
    e.with.passwords.verify(
        vault::Secret::copy_of(*asked.current_password), e.with.cell.vault().get(user.password.password_ref),
        [&](Result<access::Passwords::Verdict> verdict) { verified.set_value(std::move(verdict)); });
    const auto verdict = verified.get_future().get();
    if (!verdict) return std::unexpected(verdict.error());
    if (!verdict->matches) {
        return reject("invalid_field", "this is not the current password",
                      {{"/current_password", "is not the current password"}});
    }
    e.with.limiter.succeeded(address, user.username.text, core::now());
    return {};
}

Result<void> change_password(Expansion& e) {
    const auto asked = from_json<PasswordRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    const auto world = e.with.cell.world();
    const auto user = existing(*world, asked->id);
    if (!user) return std::unexpected(user.error());
    if (!is_self(e, asked->id)) {
        if (auto ok = check_reach(e, (*user)->profile.role); !ok) return ok;
    }
    if (auto ok = check_current(e, **user, *asked); !ok) return ok;
    auto refs = seal_password(e, asked->id, (*user)->username, asked->password);
    if (!refs) return std::unexpected(std::move(refs.error()));
    e.add(accounts::ChangePassword{asked->id, *std::move(refs)});
    end_sessions(e, asked->id);
    return {};
}

Result<void> remove_user(Expansion& e) {
    const auto asked = from_json<IdOnly>(e.data);
    if (!asked) return std::unexpected(asked.error());
    const auto world = e.with.cell.world();
    const auto user = existing(*world, asked->id);
    if (!user) return std::unexpected(user.error());
    if (auto ok = check_reach(e, (*user)->profile.role); !ok) return ok;
    e.add(accounts::RemoveUser{asked->id});
    e.out.after.emplace_back(
        [&sessions = e.with.sessions, id = asked->id] { (void)sessions.revoke_user(to_string(id)); });
    return {};
}

struct AppPasswordRequest {
    Uuid id;
    Label service;
    Text name;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("service", s.service), field("name", s.name));
    }
};

/// Made here and shown once: nobody chooses it, so nobody guesses it.
Result<void> add_app_password(Expansion& e) {
    const auto asked = from_json<AppPasswordRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    const auto app = core::new_uuid();
    const auto stem = fmt::format("{}/app_{}_", accounts::subject_of(asked->id), to_string(app));
    accounts::AddAppPassword command{
        app, asked->id, asked->service, asked->name, {stem + "bcrypt", 1}, {stem + "sha512", 1}};
    const auto password = access::random_groups();
    if (!e.call.dry_run) {
        auto forms = access::hash_random_password(password);
        std::vector<vault::NewSecret> secrets;
        secrets.push_back({command.bcrypt_ref.name, std::move(forms.bcrypt)});
        secrets.push_back({command.sha512_ref.name, std::move(forms.sha512)});
        auto refs = e.with.cell.vault().put_many(secrets);
        if (!refs) return std::unexpected(std::move(refs.error()));
    }
    e.add(std::move(command));
    e.out.once = {"password", std::string(password.reveal())};
    return {};
}

struct InvitationRequest {
    accounts::Profile<Plain> profile;
    std::optional<Timestamp> expires_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(accounts::Profile<Plain>::fields(s.profile),
                              std::tuple(field("expires_at", s.expires_at)));
    }
};

constexpr std::int64_t invitation_lifetime_ms = 7LL * 24 * 60 * 60 * 1000;

Result<void> add_invitation(Expansion& e) {
    auto asked = from_json<InvitationRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    if (auto ok = check_reach(e, asked->profile.role); !ok) return ok;
    const auto now = core::now();
    const auto until = asked->expires_at.value_or(Timestamp{now.ms + invitation_lifetime_ms});
    if (until <= now)
        return reject("invalid_field", "must be in the future", {{"/expires_at", "must be in the future"}});
    const auto id = core::new_uuid();
    auto made = access::make_token(id);
    auto ref = e.seal(fmt::format("invitation/{}/hash", to_string(id)), made.hash);
    if (!ref) return std::unexpected(std::move(ref.error()));
    e.add(accounts::AddInvitation{id, std::move(asked->profile), until, *std::move(ref)});
    e.out.once = {"token", std::string(made.text.reveal())};
    return {};
}

}  // namespace

Result<accounts::PasswordRefs> seal_new_password(core::Cell& cell, access::Passwords& passwords,
                                                 const Uuid& user, const Label& username,
                                                 std::string_view text) {
    auto password = vault::Secret::copy_of(text);
    const auto world = cell.world();
    const std::array<std::string_view, 2> names{username.text,
                                                world->get<cell::Service>().cell.settings.name.text};
    if (auto fine = access::check_new_password(password, names); !fine)
        return std::unexpected(std::move(fine.error()));
    auto forms = passwords.hash_all(std::move(password));
    if (!forms) return std::unexpected(std::move(forms.error()));
    const auto subject = accounts::subject_of(user);
    std::vector<vault::NewSecret> secrets;
    secrets.push_back({subject + "/password", std::move(forms->argon2id)});
    secrets.push_back({subject + "/password_bcrypt", std::move(forms->bcrypt)});
    secrets.push_back({subject + "/password_sha512", std::move(forms->sha512)});
    auto refs = cell.vault().put_many(secrets);
    if (!refs) return std::unexpected(std::move(refs.error()));
    return accounts::PasswordRefs{(*refs)[0], (*refs)[1], (*refs)[2]};
}

void add_people_expansions(Expansions& table) {
    table["AddUser"] = {add_user, true};
    table["ChangeUser"] = {change_user};
    table["ChangePassword"] = {change_password, true};
    table["RemoveUser"] = {remove_user};
    table["AddAppPassword"] = {add_app_password, true};
    table["AddInvitation"] = {add_invitation};
}

}  // namespace pic::api
