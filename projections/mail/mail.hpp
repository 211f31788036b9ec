// Mail between the people of the cell: domains, mailboxes and other names for them. Whoever may use mail has
// a mailbox at the cell's own domain, <username>@<domain>, from the account alone and in the same change;
// what is added here are further domains, further mailboxes of people, and aliases. The postmaster of every
// domain (RFC 5321 4.5.1) is whoever administers the cell.
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

namespace pic::mail {

struct Domain {
    Uuid id;
    Hostname name;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name), field("version", s.version),
                          field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Domain& d) { return d.id; }

/// A further mailbox of a person, with the person's password.
struct Mailbox {
    Uuid id;
    EmailAddress address;
    Uuid user_id;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("address", s.address), field("user_id", s.user_id),
                          field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Mailbox& m) { return m.id; }

struct Alias {
    Uuid id;
    EmailAddress address;
    std::vector<EmailAddress> targets;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("address", s.address), field("targets", s.targets),
                          field("version", s.version), field("created_at", s.created_at));
    }
};
inline Uuid key_of(const Alias& a) { return a.id; }

struct State {
    CowMap<Uuid, Domain> domains;
    CowMap<Uuid, Mailbox> mailboxes;
    CowMap<Uuid, Alias> aliases;
    CowMap<std::string, Uuid> by_domain, by_address;  ///< indexes; an address is one mailbox's or one alias's
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("domains", s.domains), field("mailboxes", s.mailboxes),
                          field("aliases", s.aliases));
    }
};

// --- events

struct DomainAdded {
    static constexpr std::string_view type = "MailDomainAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    Hostname name;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("name", s.name));
    }
};

struct MailboxAdded {
    static constexpr std::string_view type = "MailboxAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    EmailAddress address;
    Uuid user_id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("address", s.address), field("user_id", s.user_id));
    }
};

struct AliasAdded {
    static constexpr std::string_view type = "MailAliasAdded";
    static constexpr int schema_version = 1;
    Uuid id;
    EmailAddress address;
    std::vector<EmailAddress> targets;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("address", s.address), field("targets", s.targets));
    }
};

enum class What { domain, mailbox, alias };
constexpr std::array<std::string_view, 3> enum_names(What) { return {"domain", "mailbox", "alias"}; }

struct MailItemRemoved {
    static constexpr std::string_view type = "MailItemRemoved";
    static constexpr int schema_version = 1;
    Uuid id;
    What what = What::domain;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("what", s.what));
    }
};

// --- commands

struct AddDomain {
    static constexpr std::string_view type = "AddMailDomain";
    Hostname name;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("name", s.name));
    }
};

struct AddMailbox {
    static constexpr std::string_view type = "AddMailbox";
    EmailAddress address;
    Uuid user_id;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("address", s.address), field("user_id", s.user_id));
    }
};

struct AddAlias {
    static constexpr std::string_view type = "AddMailAlias";
    EmailAddress address;
    std::vector<EmailAddress> targets;
    Uuid id;  // brought by prepare()
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("address", s.address), field("targets", s.targets));
    }
};

template <What W>
struct Remove {
    static constexpr std::string_view type = W == What::domain    ? "RemoveMailDomain"
                                             : W == What::mailbox ? "RemoveMailbox"
                                                                  : "RemoveMailAlias";
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};
using RemoveDomain = Remove<What::domain>;
using RemoveMailbox = Remove<What::mailbox>;
using RemoveAlias = Remove<What::alias>;

/// Undo and restore of removals. Not offered by the API.
template <class Added>
struct Restore {
    static constexpr std::string_view type = std::is_same_v<Added, DomainAdded>    ? "RestoreMailDomain"
                                             : std::is_same_v<Added, MailboxAdded> ? "RestoreMailbox"
                                                                                   : "RestoreMailAlias";
    Added added;
    Moving moving;  // set by reconcile()
    template <class Self>
    static auto fields(Self& s) {
        return Added::fields(s.added);
    }
};

struct Service {
    static constexpr std::string_view name = "mail";
    static constexpr bool renders = true;
    using State = mail::State;
    using Events = TypeList<DomainAdded, MailboxAdded, AliasAdded, MailItemRemoved>;
    using Commands = TypeList<AddDomain, AddMailbox, AddAlias, RemoveDomain, RemoveMailbox, RemoveAlias,
                              Restore<DomainAdded>, Restore<MailboxAdded>, Restore<AliasAdded>>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(collection("mail_domains", state.domains),
                          collection("mail_mailboxes", state.mailboxes),
                          collection("mail_aliases", state.aliases));
    }
};

inline constexpr std::size_t items_limit = 10'000;  ///< domains, mailboxes and aliases, each
inline constexpr std::size_t targets_limit = 100;   ///< of one alias
[[nodiscard]] std::string stream_of(What what, const Uuid& id);

void prepare(AddDomain& command, Supply& supply);
void prepare(AddMailbox& command, Supply& supply);
void prepare(AddAlias& command, Supply& supply);

[[nodiscard]] Result<Decision> decide(const World& world, const AddDomain& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddMailbox& command);
[[nodiscard]] Result<Decision> decide(const World& world, const AddAlias& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveDomain& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveMailbox& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RemoveAlias& command);
[[nodiscard]] Result<Decision> decide(const World& world, const Restore<DomainAdded>& command);
[[nodiscard]] Result<Decision> decide(const World& world, const Restore<MailboxAdded>& command);
[[nodiscard]] Result<Decision> decide(const World& world, const Restore<AliasAdded>& command);

void evolve(State& state, const DomainAdded& event, const Meta& meta);
void evolve(State& state, const MailboxAdded& event, const Meta& meta);
void evolve(State& state, const AliasAdded& event, const Meta& meta);
void evolve(State& state, const MailItemRemoved& event, const Meta& meta);
void evolve(State& state, const accounts::UserRemoved& event, const Meta& meta);
void reindex(State& state);

/// Mail without a certificate would be mail without TLS: nothing runs before the cell has issued one.
[[nodiscard]] bool wanted(Service, const World& world);
void render(Service, const World* before, const World& now, Renderer& out);
void reconcile(Service, const World& now, const World& target, Reconciler& out);

}  // namespace pic::mail
