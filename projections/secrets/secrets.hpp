// Secrets that people name and keep in the cell's vault: a provider's password, a key of some script. The log
// holds that there is one, how old it is and who looked at it; the values lie in the vault and are referred
// to by version.
//
// A removal destroys: the values' key goes with it, so neither undo nor an old backup brings them back, and a
// new secret of the same name is another one with an id of its own. For the same reason undo and restore
// touch what is said about a secret and never its values.
#pragma once

#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
class Forwarder;
}  // namespace pic

namespace pic::secrets {

/// Far more than a household has keys; a list of them stays one page.
inline constexpr std::size_t secrets_limit = 1000;
/// Values that are kept of one secret, the current one included; older ones are destroyed.
inline constexpr std::size_t versions_kept = 5;

/// What is said about a secret. Never rendered.
template <template <class> class F>
struct Profile {
    F<std::optional<Text>> description;
    F<std::optional<std::uint32_t>> rotate_days;  ///< how old a value should become; none: as old as it will
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("description", s.description), field("rotate_days", s.rotate_days));
    }
};

struct Version {
    std::uint32_t number = 0;  ///< the vault's version of the value
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("number", s.number), field("created_at", s.created_at));
    }
};

struct NamedSecret {
    Uuid id;
    Label name;
    Profile<Plain> profile;
    SecretRef value_ref;            ///< the current value, "secret/<id>/value@<number>"
    std::vector<Version> versions;  ///< those that are kept, oldest first; the last is the current one
    std::optional<Timestamp> revealed_at;
    Timestamp created_at;
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("name", s.name)),
                              Profile<Plain>::fields(s.profile),
                              std::tuple(field("value_ref", s.value_ref), field("versions", s.versions),
                                         field("revealed_at", s.revealed_at),
                                         field("created_at", s.created_at), field("version", s.version)));
    }
};
inline std::string key_of(const NamedSecret& secret) { return secret.name.text; }

struct State {
    CowMap<std::string, NamedSecret> secrets;  ///< by name
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("secrets", s.secrets));
    }
};

// --- events

struct SecretAdded {
    static constexpr std::string_view type = "SecretAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Label name;
    Profile<Plain> profile;
    SecretRef value_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id), field("name", s.name)),
                              Profile<Plain>::fields(s.profile), std::tuple(field("value_ref", s.value_ref)));
    }
};

/// Other words about it, a new value, or both.
struct SecretChanged {
    static constexpr std::string_view type = "SecretChanged";
    static constexpr int schema_version = 1;
    Label name;
    Profile<Patch> changes;
    std::optional<SecretRef> value_ref;  ///< none: the value stays
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("name", s.name)), Profile<Patch>::fields(s.changes),
                              std::tuple(field("value_ref", s.value_ref)));
    }
};

/// Somebody was shown a value; who, from where and when is the event's envelope.
struct SecretRevealed {
    static constexpr std::string_view type = "SecretRevealed";
    static constexpr int schema_version = 1;
    Label name;
    std::uint32_t number = 0;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name), field("number", s.number));
    }
};

struct SecretRemoved {
    static constexpr std::string_view type = "SecretRemoved";
    static constexpr int schema_version = 1;
    Label name;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name));
    }
};

// --- commands. References come from the caller, who sealed the value first.

struct AddSecret {
    static constexpr std::string_view type = "AddSecret";
    Uuid id;
    Label name;
    Profile<Plain> profile;
    SecretRef value_ref;
    template <class Self>
    static auto fields(Self& s) {
        return SecretAdded::fields(s);
    }
};

struct SetSecret {
    static constexpr std::string_view type = "SetSecret";
    Label name;
    Profile<Patch> changes;
    std::optional<SecretRef> value_ref;
    template <class Self>
    static auto fields(Self& s) {
        return SecretChanged::fields(s);
    }
};

struct RevealSecret {
    static constexpr std::string_view type = "RevealSecret";
    Label name;
    std::uint32_t number = 0;
    template <class Self>
    static auto fields(Self& s) {
        return SecretRevealed::fields(s);
    }
};

struct RemoveSecret {
    static constexpr std::string_view type = "RemoveSecret";
    Label name;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name));
    }
};

struct Service {
    static constexpr std::string_view name = "secrets";
    static constexpr std::string_view area = "vault";
    static constexpr bool renders = false;
    using State = secrets::State;
    using Events = TypeList<SecretAdded, SecretChanged, SecretRevealed, SecretRemoved>;
    using Commands = TypeList<AddSecret, SetSecret, RevealSecret, RemoveSecret>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("secrets", state.secrets));
    }
};

/// "secret/<id>", what the vault seals and destroys as one.
[[nodiscard]] std::string subject_of(const Uuid& id);
/// Null: there is no secret of this name.
[[nodiscard]] const NamedSecret* find(const World& world, std::string_view name);
/// Where a kept value lies; `number` 0 is the current one. Nothing: not kept (any more).
[[nodiscard]] std::optional<SecretRef> value_of(const NamedSecret& secret, std::uint32_t number);
/// When a new value is due; nothing where that was not asked for.
[[nodiscard]] std::optional<Timestamp> rotation_due(const NamedSecret& secret);

[[nodiscard]] Result<Decision> decide(const World& world, const AddSecret& command);
[[nodiscard]] Result<Decision> decide(const World& world, const SetSecret& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RevealSecret& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveSecret& command);
void evolve(State& state, const SecretAdded& event, const Meta& meta);
void evolve(State& state, const SecretChanged& event, const Meta& meta);
void evolve(State& state, const SecretRevealed& event, const Meta& meta);
void evolve(State& state, const SecretRemoved& event, const Meta& meta);
void reconcile(Service, const World& now, const World& target, Reconciler& out);
/// A secret whose value was destroyed since the backup does not come back empty.
void go_forward(Service, const World& restored, Forwarder& out);

}  // namespace pic::secrets
