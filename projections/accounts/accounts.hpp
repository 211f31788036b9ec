// Who may speak to the cell: people, API tokens, and the keys of agents and subscribers on the bus. Here are decisions and
// names only; password hashes and token hashes are references into the vault, sign-ins and refusals have their own store.
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::accounts {

enum class Role { admin, operator_, viewer, member };
constexpr std::array<std::string_view, 4> enum_names(Role) { return {"admin", "operator", "viewer", "member"}; }

struct User {
    Uuid id;
    Label username;
    Role role = Role::member;
    SecretRef password_ref;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("username", s.username), field("role", s.role),
                          field("password_ref", s.password_ref), field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const User& user) { return user.id; }

struct Token {
    Uuid id;
    Text name;
    std::vector<std::string> scopes;  ///< "peers:write", "*"
    std::string owner;                ///< the actor who made it
    std::optional<Timestamp> expires_at;
    SecretRef hash_ref;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes), field("owner", s.owner), field("expires_at", s.expires_at),
                          field("hash_ref", s.hash_ref), field("version", s.version), field("created_at", s.created_at));
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
    std::vector<std::string> services;       ///< of an agent
    std::optional<std::string> public_key;   ///< Z85 of a CURVE key; none until it has enrolled
    std::optional<Timestamp> enrolled_at;
    std::optional<SecretRef> enrolment_ref;  ///< hash of the one-time token, until it was used
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name), field("services", s.services),
                          field("public_key", s.public_key), field("enrolled_at", s.enrolled_at),
                          field("enrolment_ref", s.enrolment_ref), field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const BusClient& client) { return client.id; }

struct State {
    CowMap<Uuid, User> users;
    CowMap<Uuid, Token> tokens;
    CowMap<Uuid, BusClient> agents, subscribers;
    CowMap<std::string, Uuid> by_username;   ///< index
    CowMap<std::string, Uuid> by_bus_key;    ///< index

    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("users", s.users), field("tokens", s.tokens), field("agents", s.agents),
                          field("subscribers", s.subscribers));
    }
};

// --- events

struct UserAdded {
    static constexpr std::string_view type = "UserAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Label username;
    Role role = Role::member;
    SecretRef password_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("username", s.username), field("role", s.role),
                          field("password_ref", s.password_ref));
    }
};

struct PasswordChanged {
    static constexpr std::string_view type = "PasswordChanged";
    static constexpr int schema_version = 1;
    Uuid id;
    SecretRef password_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("password_ref", s.password_ref));
    }
};

struct TokenAdded {
    static constexpr std::string_view type = "TokenAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Text name;
    std::vector<std::string> scopes;
    std::string owner;
    std::optional<Timestamp> expires_at;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes), field("owner", s.owner), field("expires_at", s.expires_at),
                          field("hash_ref", s.hash_ref));
    }
};

struct TokenRemoved {
    static constexpr std::string_view type = "TokenRemoved";
    static constexpr int schema_version = 1;
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};

struct BusClientInvited {
    static constexpr std::string_view type = "BusClientInvited";
    static constexpr int schema_version = 1;
    Uuid id;
    BusKind kind = BusKind::agent;
    Text name;
    std::vector<std::string> services;
    std::optional<SecretRef> enrolment_ref;  ///< none where the key is already known
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name), field("services", s.services),
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

struct AddUser {
    static constexpr std::string_view type = "AddUser";
    Label username;
    Role role = Role::member;
    SecretRef password_ref;
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("username", s.username), field("role", s.role), field("password_ref", s.password_ref),
                          field("id", s.id));
    }
};

struct ChangePassword {
    static constexpr std::string_view type = "ChangePassword";
    Uuid id;
    SecretRef password_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("password_ref", s.password_ref));
    }
};

struct AddToken {
    static constexpr std::string_view type = "AddToken";
    Uuid id;
    Text name;
    std::vector<std::string> scopes;
    std::string owner;
    std::optional<Timestamp> expires_at;
    SecretRef hash_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("scopes", s.scopes), field("owner", s.owner), field("expires_at", s.expires_at),
                          field("hash_ref", s.hash_ref));
    }
};

struct RemoveToken {
    static constexpr std::string_view type = "RevokeToken";
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};

struct InviteBusClient {
    static constexpr std::string_view type = "InviteBusClient";
    Uuid id;
    BusKind kind = BusKind::agent;
    Text name;
    std::vector<std::string> services;
    std::optional<SecretRef> enrolment_ref;  ///< none where the key is already known
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("kind", s.kind), field("name", s.name), field("services", s.services),
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
    static constexpr bool renders = false;
    using State = accounts::State;
    using Events = TypeList<UserAdded, PasswordChanged, TokenAdded, TokenRemoved, BusClientInvited, BusClientEnrolled, BusClientRemoved>;
    using Commands = TypeList<AddUser, ChangePassword, AddToken, RemoveToken, InviteBusClient, EnrolBusClient, RemoveBusClient>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("users", state.users), collection("tokens", state.tokens), collection("agents", state.agents),
                          collection("subscribers", state.subscribers));
    }
};

[[nodiscard]] Result<Decision> decide(const World& world, const AddUser& command);
[[nodiscard]] Result<Decision> decide(const World& world, const ChangePassword& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddToken& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveToken& command);
[[nodiscard]] Result<Decision> decide(const World& world, const InviteBusClient& command);
[[nodiscard]] Result<Decision> decide(const World& world, const EnrolBusClient& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveBusClient& command);

void evolve(State& state, const UserAdded& event, const Meta& meta);
void evolve(State& state, const PasswordChanged& event, const Meta& meta);
void evolve(State& state, const TokenAdded& event, const Meta& meta);
void evolve(State& state, const TokenRemoved& event, const Meta& meta);
void evolve(State& state, const BusClientInvited& event, const Meta& meta);
void evolve(State& state, const BusClientEnrolled& event, const Meta& meta);
void evolve(State& state, const BusClientRemoved& event, const Meta& meta);
void reindex(State& state);

}  // namespace pic::accounts
