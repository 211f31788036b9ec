#include "projections/accounts/accounts.hpp"
#include "projections/mail/mail.hpp"
#include "projections/world.hpp"

namespace pic::mail {
namespace {

/// Only what is still this one's: in a restore another may have taken it over by now.
void unindex(CowMap<std::string, Uuid>& index, const std::string& key, const Uuid& id) {
    const auto* owner = index.find(key);
    if (owner != nullptr && *owner == id) index.erase(key);
}

}  // namespace

void evolve(State& state, const DomainAdded& event, const Meta& meta) {
    state.by_domain.assign(event.name.text, event.id);
    state.domains.assign(event.id, Domain{event.id, event.name, meta.version, meta.at});
}

void evolve(State& state, const MailboxAdded& event, const Meta& meta) {
    state.by_address.assign(event.address.text, event.id);
    state.mailboxes.assign(event.id, Mailbox{event.id, event.address, event.user_id, meta.version, meta.at});
}

void evolve(State& state, const AliasAdded& event, const Meta& meta) {
    state.by_address.assign(event.address.text, event.id);
    state.aliases.assign(event.id, Alias{event.id, event.address, event.targets, meta.version, meta.at});
}

void evolve(State& state, const MailItemRemoved& event, const Meta&) {
    if (const auto* d = state.domains.find(event.id)) unindex(state.by_domain, d->name.text, event.id);
    if (const auto* m = state.mailboxes.find(event.id)) unindex(state.by_address, m->address.text, event.id);
    if (const auto* a = state.aliases.find(event.id)) unindex(state.by_address, a->address.text, event.id);
    state.domains.erase(event.id);
    state.mailboxes.erase(event.id);
    state.aliases.erase(event.id);
}

/// A person's mailboxes go with him; the mail in them stays on the disk.
void evolve(State& state, const accounts::UserRemoved& event, const Meta&) {
    std::vector<Uuid> gone;
    state.mailboxes.for_each([&](const Uuid& id, const Mailbox& m) {
        if (m.user_id == event.id) gone.push_back(id);
    });
    for (const auto& id : gone) {
        unindex(state.by_address, state.mailboxes.find(id)->address.text, id);
        state.mailboxes.erase(id);
    }
}

void reindex(State& state) {
    state.by_domain.clear();
    state.by_address.clear();
    state.domains.for_each([&](const Uuid& id, const Domain& d) { state.by_domain.assign(d.name.text, id); });
    state.mailboxes.for_each(
        [&](const Uuid& id, const Mailbox& m) { state.by_address.assign(m.address.text, id); });
    state.aliases.for_each(
        [&](const Uuid& id, const Alias& a) { state.by_address.assign(a.address.text, id); });
}

}  // namespace pic::mail
