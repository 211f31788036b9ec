// Who may speak to the cell: people (people.hpp), API tokens, and the keys of agents and subscribers on the
// bus. Here are decisions and names only; password hashes and token hashes are references into the vault,
// sign-ins and refusals have their own store.
#pragma once

#include "projections/accounts/people.hpp"
#include "projections/core/item.hpp"

namespace pic {
class World;
class Reconciler;
class Forwarder;
}  // namespace pic

namespace pic::accounts {

struct Token {
    Uuid id;
    Text name;
    std::vector<std::string> scopes;  ///< "peers:write", "*"
    std::string owner;                ///< the actor who made it
    std::optional<Timestamp> expires_at;
    std::vector<Cidr> sources;  ///< where it may be used from; none: anywhere
    SecretRef hash_ref;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes),
                          field("owner", s.owner), field("expires_at", s.expires_at),
                          field("sources", s.sources), field("hash_ref", s.hash_ref),
                          field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Token& token) { return token.id; }

/// Both kinds of key on the bus: an agent speaks for its services, a subscriber follows the log.
enum class BusKind { agent, subscriber };
constexpr std::array<std::string_view, 2> enum_names(BusKind) { return {"agent", "subscriber"}; }

struct BusClient {
    Uuid id;
    BusKind kind = BusKind::agent;
    Text name;
    std::vector<std::string> services;      ///< of an agent
    std::vector<std::string> scopes;        ///< of a subscriber: the events it may read; none: all
    std::optional<std::string> public_key;  ///< Z85 of a CURVE key; none until it has enrolled
    std::optional<Timestamp> enrolled_at;
    std::optional<SecretRef> enrolment_ref;  ///< hash of the one-time token, until it was used
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name),
                          field("services", s.services), field("scopes", s.scopes),
                          field("public_key", s.public_key), field("enrolled_at", s.enrolled_at),
                          field("enrolment_ref", s.enrolment_ref), field("version", s.version),
                          field("created_at", s.created_at));
    }
};
inline Uuid key_of(const BusClient& client) { return client.id; }

struct State {
    CowMap<Uuid, User> users;
    CowMap<Uuid, Group> groups;
    CowMap<Uuid, AppPassword> app_passwords;
    CowMap<Uuid, Invitation> invitations;
    CowMap<Uuid, Token> tokens;
    CowMap<Uuid, BusClient> agents, subscribers;

    // Indexes, made by reindex().
    CowMap<std::string, Uuid> by_username, by_group_name, by_bus_key;
    CowMap<Uuid, std::vector<Uuid>> apps_of;  ///< a person's app passwords, oldest first

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("users", s.users), field("groups", s.groups),
                          field("app_passwords", s.app_passwords), field("invitations", s.invitations),
                          field("tokens", s.tokens), field("agents", s.agents),
                          field("subscribers", s.subscribers));
    }
};

/// The form in which a service wants passwords.
enum class PasswordForm { bcrypt, sha512_crypt };
/// The hashes that open a service for a person, as places in the vault: the own password first, then those of
/// the app passwords for it. Once a second factor is on, the own password opens the web UI alone. None
/// without the right to use it.
[[nodiscard]] std::vector<SecretRef> credentials(const State& state, const User& user,
                                                 std::string_view service, PasswordForm form);

// --- events

struct TokenAdded {
    static constexpr std::string_view type = "TokenAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Text name;
    std::vector<std::string> scopes;
    std::string owner;
    std::optional<Timestamp> expires_at;
    std::vector<Cidr> sources;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes),
                          field("owner", s.owner), field("expires_at", s.expires_at),
                          field("sources", s.sources), field("hash_ref", s.hash_ref));
    }
};

struct TokenRemoved : ById {
    static constexpr std::string_view type = "TokenRemoved";
    static constexpr int schema_version = 1;
};

struct BusClientInvited {
    static constexpr std::string_view type = "BusClientInvited";
    static constexpr int schema_version = 1;
    Uuid id;
    BusKind kind = BusKind::agent;
    Text name;
    std::vector<std::string> services;
    std::vector<std::string> scopes;
    std::optional<SecretRef> enrolment_ref;  ///< none where the key is already known
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name),
                          field("services", s.services), field("scopes", s.scopes),
                          field("enrolment_ref", s.enrolment_ref));
    }
};

/// The one-time token was used: from now on this key, and no other, speaks for the client.
struct BusClientEnrolled {
    static constexpr std::string_view type = "BusClientEnrolled";
    static constexpr int schema_version = 1;
    Uuid id;
    BusKind kind = BusKind::agent;
    std::string public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("public_key", s.public_key));
    }
};

struct BusClientRemoved {
    static constexpr std::string_view type = "BusClientRemoved";
    static constexpr int schema_version = 1;
    Uuid id;
    BusKind kind = BusKind::agent;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind));
    }
};

// --- commands. The references come from the caller, who sealed the secret in the vault first.

struct AddToken {
    static constexpr std::string_view type = "AddToken";
    Uuid id;
    Text name;
    std::vector<std::string> scopes;
    std::string owner;
    std::optional<Timestamp> expires_at;
    std::vector<Cidr> sources;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes),
                          field("owner", s.owner), field("expires_at", s.expires_at),
                          field("sources", s.sources), field("hash_ref", s.hash_ref));
    }
};

struct RemoveToken : ById {
    static constexpr std::string_view type = "RevokeToken";
};

struct InviteBusClient {
    static constexpr std::string_view type = "InviteBusClient";
    Uuid id;
    BusKind kind = BusKind::agent;
    Text name;
    std::vector<std::string> services;
    std::vector<std::string> scopes;
    std::optional<SecretRef> enrolment_ref;  ///< none where the key is already known
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name),
                          field("services", s.services), field("scopes", s.scopes),
                          field("enrolment_ref", s.enrolment_ref));
    }
};

struct EnrolBusClient {
    static constexpr std::string_view type = "EnrolBusClient";
    Uuid id;
    BusKind kind = BusKind::agent;
    std::string public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("public_key", s.public_key));
    }
};

struct RemoveBusClient {
    static constexpr std::string_view type = "RemoveBusClient";
    Uuid id;
    BusKind kind = BusKind::agent;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind));
    }
};

struct Service {
    static constexpr std::string_view name = "accounts";
    static constexpr std::string_view area = "access";
    static constexpr bool renders = false;
    using State = accounts::State;
    using Events = TypeList<UserAdded, UserChanged, PasswordChanged, UserRemoved, SecondFactorSet, GroupAdded,
                            GroupChanged, GroupRemoved, AppPasswordAdded, AppPasswordRemoved, InvitationAdded,
                            InvitationRemoved, TokenAdded, TokenRemoved, BusClientInvited, BusClientEnrolled,
                            BusClientRemoved>;
    using Commands =
        TypeList<AddUser, ChangeUser, ChangePassword, RemoveUser, SetSecondFactor, AddGroup, ChangeGroup,
                 RemoveGroup, AddAppPassword, RemoveAppPassword, AddInvitation, RemoveInvitation,
                 AcceptInvitation, AddToken, RemoveToken, InviteBusClient, EnrolBusClient, RemoveBusClient>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("users", state.users), collection("groups", state.groups),
                          collection("app_passwords", state.app_passwords),
                          collection("invitations", state.invitations), collection("tokens", state.tokens),
                          collection("agents", state.agents), collection("subscribers", state.subscribers));
    }
};

[[nodiscard]] Result<Decision> decide(const World& world, const AddToken& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveToken& command);
[[nodiscard]] Result<Decision> decide(const World& world, const InviteBusClient& command);
[[nodiscard]] Result<Decision> decide(const World& world, const EnrolBusClient& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveBusClient& command);

void evolve(State& state, const UserAdded& event, const Meta& meta);
void evolve(State& state, const UserChanged& event, const Meta& meta);
void evolve(State& state, const PasswordChanged& event, const Meta& meta);
void evolve(State& state, const UserRemoved& event, const Meta& meta);
void evolve(State& state, const SecondFactorSet& event, const Meta& meta);
void evolve(State& state, const GroupAdded& event, const Meta& meta);
void evolve(State& state, const GroupChanged& event, const Meta& meta);
void evolve(State& state, const GroupRemoved& event, const Meta& meta);
void evolve(State& state, const AppPasswordAdded& event, const Meta& meta);
void evolve(State& state, const AppPasswordRemoved& event, const Meta& meta);
void evolve(State& state, const InvitationAdded& event, const Meta& meta);
void evolve(State& state, const InvitationRemoved& event, const Meta& meta);
void evolve(State& state, const TokenAdded& event, const Meta& meta);
void evolve(State& state, const TokenRemoved& event, const Meta& meta);
void evolve(State& state, const BusClientInvited& event, const Meta& meta);
void evolve(State& state, const BusClientEnrolled& event, const Meta& meta);
void evolve(State& state, const BusClientRemoved& event, const Meta& meta);
void reindex(State& state);
/// Who may speak to the cell is decided by today, not by the backup: tokens and bus keys that were taken away
/// stay away, and agents and subscribers that came since go on.
void go_forward(Service, const World& restored, Forwarder& out);

}  // namespace pic::accounts
