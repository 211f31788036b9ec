#include <algorithm>

#include <fmt/format.h>

#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/mail/mail.hpp"
#include "projections/world.hpp"

namespace pic::mail {
namespace {

const State& state_of(const World& world) { return world.get<Service>(); }
const Hostname& own_domain(const World& world) { return world.get<cell::Service>().cell.settings.domain; }

constexpr std::array<std::string_view, 3> collections{"mail_domains", "mail_mailboxes", "mail_aliases"};

template <class Added>
Decision made(What what, const Added& added) {
    Decision decision;
    decision.resource = {std::string(collections[static_cast<std::size_t>(what)]), to_string(added.id),
                         stream_of(what, added.id), false};
    decision.emit(stream_of(what, added.id), added);
    return decision;
}

template <class Map>
Result<void> room(const Map& map) {
    if (map.size() < items_limit) return {};
    return reject("too_many", fmt::format("at most {} of these are kept", items_limit));
}

/// A domain of ours, so that the mail does come here.
Result<void> check_domain_of(const World& world, const EmailAddress& address) {
    const std::string domain(address.domain());
    if (domain == own_domain(world).text || state_of(world).by_domain.contains(domain)) return {};
    return invalid_field("/address", fmt::format("{} is no mail domain of this cell", domain));
}

Result<void> check_free(const World& world, const EmailAddress& address, What what, const Uuid& id,
                        const Moving& moving) {
    const auto taken = [&] {
        return reject_at("address_taken", "/address", fmt::format("{} is taken", address.text));
    };
    const std::string local(address.local_part());
    if (local == "postmaster") return taken();
    if (address.domain() == own_domain(world).text &&
        world.get<accounts::Service>().by_username.contains(local))
        return taken();
    const auto* owner = state_of(world).by_address.find(address.text);
    if (owner == nullptr || *owner == id) return {};
    const bool moves = is_moving(moving, stream_of(What::mailbox, *owner)) ||
                       is_moving(moving, stream_of(What::alias, *owner));
    (void)what;
    return moves ? Result<void>{} : taken();
}

Result<Decision> add(const World& world, const DomainAdded& d, const Moving& moving) {
    const auto* owner = state_of(world).by_domain.find(d.name.text);
    const bool taken =
        owner != nullptr && *owner != d.id && !is_moving(moving, stream_of(What::domain, *owner));
    if (taken || d.name == own_domain(world)) {
        return reject_at("name_taken", "/name", fmt::format("mail for {} comes here already", d.name.text));
    }
    if (auto ok = room(state_of(world).domains); !ok) return std::unexpected(ok.error());
    return made(What::domain, d);
}

Result<Decision> add(const World& world, const MailboxAdded& m, const Moving& moving) {
    auto ok = check_domain_of(world, m.address);
    if (ok) ok = check_free(world, m.address, What::mailbox, m.id, moving);
    if (ok) ok = room(state_of(world).mailboxes);
    if (ok && !world.get<accounts::Service>().users.contains(m.user_id)) {
        ok = invalid_field("/user_id", fmt::format("there is no user {}", to_string(m.user_id)));
    }
    if (!ok) return std::unexpected(ok.error());
    return made(What::mailbox, m);
}

Result<Decision> add(const World& world, const AliasAdded& a, const Moving& moving) {
    auto ok = check_domain_of(world, a.address);
    if (ok) ok = check_free(world, a.address, What::alias, a.id, moving);
    if (ok) ok = room(state_of(world).aliases);
    if (ok && (a.targets.empty() || a.targets.size() > targets_limit)) {
        ok = invalid_field("/targets", fmt::format("an alias leads to 1 to {} addresses", targets_limit));
    }
    if (ok && std::ranges::find(a.targets, a.address) != a.targets.end()) {
        ok = invalid_field("/targets", "an alias cannot lead to itself");
    }
    if (!ok) return std::unexpected(ok.error());
    return made(What::alias, a);
}

/// Whether anything is addressed within a domain.
bool in_use(const State& state, const Hostname& name) {
    bool used = false;
    state.by_address.for_each_while([&](const std::string& address, const Uuid&) {
        used = address.ends_with("@" + name.text);
        return !used;
    });
    return used;
}

template <class Map>
Result<Decision> remove(const Map& map, What what, const Uuid& id) {
    if (!map.contains(id)) return missing(enum_name(what), id);
    auto decision = made(what, MailItemRemoved{id, what});
    decision.resource.removed = true;
    return decision;
}

}  // namespace

std::string stream_of(What what, const Uuid& id) {
    return fmt::format("mail-{}-{}", enum_name(what), to_string(id));
}

void prepare(AddDomain& command, Supply& supply) { command.id = supply.uuid(); }
void prepare(AddMailbox& command, Supply& supply) { command.id = supply.uuid(); }
void prepare(AddAlias& command, Supply& supply) { command.id = supply.uuid(); }

Result<Decision> decide(const World& world, const AddDomain& c) {
    return add(world, DomainAdded{c.id, c.name}, {});
}
Result<Decision> decide(const World& world, const AddMailbox& c) {
    return add(world, MailboxAdded{c.id, c.address, c.user_id}, {});
}
Result<Decision> decide(const World& world, const AddAlias& c) {
    return add(world, AliasAdded{c.id, c.address, c.targets}, {});
}

Result<Decision> decide(const World& world, const RemoveDomain& command) {
    const auto* domain = state_of(world).domains.find(command.id);
    if (domain != nullptr && in_use(state_of(world), domain->name)) {
        return reject("in_use", fmt::format("there are mailboxes or aliases at {}: remove them first",
                                            domain->name.text));
    }
    return remove(state_of(world).domains, What::domain, command.id);
}
Result<Decision> decide(const World& world, const RemoveMailbox& command) {
    return remove(state_of(world).mailboxes, What::mailbox, command.id);
}
Result<Decision> decide(const World& world, const RemoveAlias& command) {
    return remove(state_of(world).aliases, What::alias, command.id);
}

Result<Decision> decide(const World& world, const Restore<DomainAdded>& c) {
    return add(world, c.added, c.moving);
}
Result<Decision> decide(const World& world, const Restore<MailboxAdded>& c) {
    return add(world, c.added, c.moving);
}
Result<Decision> decide(const World& world, const Restore<AliasAdded>& c) {
    return add(world, c.added, c.moving);
}

namespace {

template <class RemoveCommand, class Map, class Back>
void each(const Map& now, const Map& target, What what, bool removals, Reconciler& out, Back&& back) {
    Map::diff(now, target, [&](const Uuid& id, const auto* is, const auto* then) {
        if (!out.wants(stream_of(what, id)) || (then == nullptr) != removals) return;
        if (then == nullptr) {
            out.add(stream_of(what, id), RemoveCommand{id});
        } else if (is == nullptr) {
            if (auto command = back(*then)) out.add(stream_of(what, id), *std::move(command));
        }
    });
}

}  // namespace

/// What goes before what comes, and addresses within the life of their domains.
void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    const auto& a = state_of(now);
    const auto& b = state_of(target);
    const auto domain = [&](const Domain& d) {
        return std::optional(Restore<DomainAdded>{{d.id, d.name}, out.moving()});
    };
    const auto mailbox = [&](const Mailbox& m) -> std::optional<Restore<MailboxAdded>> {
        // Somebody who has been removed stays away, and so does what was theirs.
        if (!now.get<accounts::Service>().users.contains(m.user_id)) return std::nullopt;
        return Restore<MailboxAdded>{{m.id, m.address, m.user_id}, out.moving()};
    };
    const auto alias = [&](const Alias& x) {
        return std::optional(Restore<AliasAdded>{{x.id, x.address, x.targets}, out.moving()});
    };
    each<RemoveAlias>(a.aliases, b.aliases, What::alias, true, out, alias);
    each<RemoveMailbox>(a.mailboxes, b.mailboxes, What::mailbox, true, out, mailbox);
    each<RemoveDomain>(a.domains, b.domains, What::domain, true, out, domain);
    each<RemoveDomain>(a.domains, b.domains, What::domain, false, out, domain);
    each<RemoveMailbox>(a.mailboxes, b.mailboxes, What::mailbox, false, out, mailbox);
    each<RemoveAlias>(a.aliases, b.aliases, What::alias, false, out, alias);
}

}  // namespace pic::mail
