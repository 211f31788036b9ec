// People: one account a person, for the web UI, mail, calendars and files alike. The log knows names, roles
// and where in the vault the hashes of a password lie, never a hash: whoever reads the log learns no
// password, and destroying the vault's subject "user/<id>" takes with it whatever was sealed for a person,
// while the log stays whole.
//
// A password is kept in every form that a service needs, made at the moment it is set: none can be derived
// from another, and keeping the password itself would be the only alternative.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
}  // namespace pic

namespace pic::accounts {

enum class Role { admin, operator_, viewer, member };
constexpr std::array<std::string_view, 4> enum_names(Role) {
    return {"admin", "operator", "viewer", "member"};
}

/// The services that people sign in to by name and password. The others know devices.
inline constexpr std::array<std::string_view, 3> personal_services{"mail", "calendar", "files"};
inline constexpr std::size_t app_passwords_limit = 50;  ///< of one person

/// What an administrator says of a person.
template <template <class> class F>
struct Profile {
    F<Role> role;
    F<std::optional<Text>> display_name;
    F<std::optional<EmailAddress>> email;  ///< where to reach the person, not a mailbox of the cell
    F<std::vector<Uuid>> groups;
    F<std::optional<std::vector<Label>>> services;  ///< of personal_services, those to be used; null: all

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("role", s.role), field("display_name", s.display_name),
                          field("email", s.email), field("groups", s.groups), field("services", s.services));
    }
};

/// Where the vault keeps the forms of one password: "user/<id>/password", "..._bcrypt", "..._sha512".
struct PasswordRefs {
    SecretRef password_ref;               ///< argon2id: signing in
    std::optional<SecretRef> bcrypt_ref;  ///< "$2y$...": htpasswd files (Apache, Radicale)
    std::optional<SecretRef> sha512_ref;  ///< "$6$...": SHA512-CRYPT (Dovecot)
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("password_ref", s.password_ref), field("bcrypt_ref", s.bcrypt_ref),
                          field("sha512_ref", s.sha512_ref));
    }
};

struct User {
    Uuid id;
    Label username;  ///< never changes: folders and addresses are called by it
    Profile<Plain> profile;
    PasswordRefs password;
    std::optional<SecretRef> totp_ref;      ///< set: signing in wants a second factor
    std::optional<SecretRef> recovery_ref;  ///< hashes of the codes that stand in for a lost one
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("username", s.username)),
                              Profile<Plain>::fields(s.profile), PasswordRefs::fields(s.password),
                              std::tuple(field("totp_ref", s.totp_ref), field("recovery_ref", s.recovery_ref),
                                         field("version", s.version), field("created_at", s.created_at)));
    }
};
inline Uuid key_of(const User& user) { return user.id; }

struct Group {
    Uuid id;
    Label name;
    std::optional<Text> description;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("description", s.description),
                          field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Group& group) { return group.id; }

/// A password of its own for one service on one device: taken back alone, and good for nothing else.
struct AppPassword {
    Uuid id, user;
    Label service;
    Text name;  ///< "phone"
    SecretRef bcrypt_ref, sha512_ref;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("user", s.user), field("service", s.service),
                          field("name", s.name), field("bcrypt_ref", s.bcrypt_ref),
                          field("sha512_ref", s.sha512_ref), field("version", s.version),
                          field("created_at", s.created_at));
    }
};
inline Uuid key_of(const AppPassword& password) { return password.id; }

/// A one-time link with which somebody makes an account, with what the inviter gave.
struct Invitation {
    Uuid id;
    Profile<Plain> profile;
    Timestamp expires_at;
    SecretRef hash_ref;  ///< of the link's token
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Profile<Plain>::fields(s.profile),
                              std::tuple(field("expires_at", s.expires_at), field("hash_ref", s.hash_ref),
                                         field("version", s.version), field("created_at", s.created_at)));
    }
};
inline Uuid key_of(const Invitation& invitation) { return invitation.id; }

// --- events

struct UserAdded {
    static constexpr std::string_view type = "UserAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Label username;
    Profile<Plain> profile;
    PasswordRefs password;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("username", s.username)),
                              Profile<Plain>::fields(s.profile), PasswordRefs::fields(s.password));
    }
};

struct UserChanged : WithChanges<Profile> {
    static constexpr std::string_view type = "UserChanged";
    static constexpr int schema_version = 1;
};

struct PasswordChanged {
    static constexpr std::string_view type = "PasswordChanged";
    static constexpr int schema_version = 1;
    Uuid id;
    PasswordRefs password;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), PasswordRefs::fields(s.password));
    }
};

/// With the person go the app passwords; events of their own take tokens and devices along.
struct UserRemoved : ById {
    static constexpr std::string_view type = "UserRemoved";
    static constexpr int schema_version = 1;
};

/// A second factor is wanted from now on, or (nothing) no longer.
struct SecondFactorSet {
    static constexpr std::string_view type = "SecondFactorSet";
    static constexpr int schema_version = 1;
    Uuid id;
    std::optional<SecretRef> totp_ref, recovery_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("totp_ref", s.totp_ref),
                          field("recovery_ref", s.recovery_ref));
    }
};

struct GroupAdded {
    static constexpr std::string_view type = "GroupAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Label name;
    std::optional<Text> description;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("description", s.description));
    }
};

struct GroupChanged {
    static constexpr std::string_view type = "GroupChanged";
    static constexpr int schema_version = 1;
    Uuid id;
    Label name;
    std::optional<Text> description;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("description", s.description));
    }
};

/// Its members are members no more.
struct GroupRemoved : ById {
    static constexpr std::string_view type = "GroupRemoved";
    static constexpr int schema_version = 1;
};

struct AppPasswordAdded {
    static constexpr std::string_view type = "AppPasswordAdded";
    static constexpr int schema_version = 1;
    Uuid id, user;
    Label service;
    Text name;
    SecretRef bcrypt_ref, sha512_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("user", s.user), field("service", s.service),
                          field("name", s.name), field("bcrypt_ref", s.bcrypt_ref),
                          field("sha512_ref", s.sha512_ref));
    }
};

struct AppPasswordRemoved : ById {
    static constexpr std::string_view type = "AppPasswordRemoved";
    static constexpr int schema_version = 1;
};

struct InvitationAdded {
    static constexpr std::string_view type = "InvitationAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Profile<Plain> profile;
    Timestamp expires_at;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Profile<Plain>::fields(s.profile),
                              std::tuple(field("expires_at", s.expires_at), field("hash_ref", s.hash_ref)));
    }
};

/// Taken back, or used by the person that was made of it.
struct InvitationRemoved {
    static constexpr std::string_view type = "InvitationRemoved";
    static constexpr int schema_version = 1;
    Uuid id;
    std::optional<Uuid> accepted_by;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("accepted_by", s.accepted_by));
    }
};

// --- commands. Ids and references come from the caller, who sealed the secret in the vault first.

struct AddUser {
    static constexpr std::string_view type = "AddUser";
    Uuid id;
    Label username;
    Profile<Plain> profile;
    PasswordRefs password;
    template <class Self>
    static auto fields(Self& s) {
        return UserAdded::fields(s);
    }
};

struct ChangeUser {
    static constexpr std::string_view type = "ChangeUser";
    Uuid id;
    Profile<Patch> changes;
    template <class Self>
    static auto fields(Self& s) {
        return UserChanged::fields(s);
    }
};

struct ChangePassword {
    static constexpr std::string_view type = "ChangePassword";
    Uuid id;
    PasswordRefs password;
    template <class Self>
    static auto fields(Self& s) {
        return PasswordChanged::fields(s);
    }
};

struct RemoveUser : ById {
    static constexpr std::string_view type = "RemoveUser";
};

struct SetSecondFactor {
    static constexpr std::string_view type = "SetSecondFactor";
    Uuid id;
    std::optional<SecretRef> totp_ref, recovery_ref;
    template <class Self>
    static auto fields(Self& s) {
        return SecondFactorSet::fields(s);
    }
};

struct AddGroup {
    static constexpr std::string_view type = "AddGroup";
    Label name;
    std::optional<Text> description;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("description", s.description));
    }
};

struct ChangeGroup {
    static constexpr std::string_view type = "ChangeGroup";
    Uuid id;
    Patch<Label> name;
    Patch<std::optional<Text>> description;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("description", s.description));
    }
};

struct RemoveGroup : ById {
    static constexpr std::string_view type = "RemoveGroup";
};

struct AddAppPassword {
    static constexpr std::string_view type = "AddAppPassword";
    Uuid id, user;
    Label service;
    Text name;
    SecretRef bcrypt_ref, sha512_ref;
    template <class Self>
    static auto fields(Self& s) {
        return AppPasswordAdded::fields(s);
    }
};

struct RemoveAppPassword {
    static constexpr std::string_view type = "RemoveAppPassword";
    Uuid id;  ///< of the person, as in the path
    Uuid app;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("app", s.app));
    }
};

struct AddInvitation {
    static constexpr std::string_view type = "AddInvitation";
    Uuid id;
    Profile<Plain> profile;
    Timestamp expires_at;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return InvitationAdded::fields(s);
    }
};

struct RemoveInvitation : ById {
    static constexpr std::string_view type = "RemoveInvitation";
};

/// The link was used: the person is made, the link is void.
struct AcceptInvitation {
    static constexpr std::string_view type = "AcceptInvitation";
    Uuid id;  ///< of the invitation
    Uuid user;
    Label username;
    std::optional<Text> display_name;
    PasswordRefs password;
    Timestamp now;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            std::tuple(field("id", s.id), field("user", s.user), field("username", s.username),
                       field("display_name", s.display_name)),
            PasswordRefs::fields(s.password), std::tuple(field("now", s.now)));
    }
};

void prepare(AddGroup& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const AddUser& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeUser& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangePassword& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveUser& command);
[[nodiscard]] Result<Decision> decide(const World& world, const SetSecondFactor& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddGroup& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangeGroup& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveGroup& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddAppPassword& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveAppPassword& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddInvitation& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveInvitation& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AcceptInvitation& command);

/// What a person's secrets in the vault are sealed under: "user/<id>".
[[nodiscard]] std::string subject_of(const Uuid& user);
[[nodiscard]] bool may_use(const User& user, std::string_view service);

}  // namespace pic::accounts
