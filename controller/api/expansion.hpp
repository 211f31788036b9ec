// Commands of the API that are more than their data: a password is hashed, a token's secret is made and shown
// once, an undo is computed from the log. Each is a function that turns the call into commands of the domain;
// one table has them all, and what it does not name is a command of the domain as it stands.
#pragma once

#include <simdjson.h>

#include <map>

#include "controller/api/commands.hpp"

namespace pic::api {

using Json = simdjson::dom::element;

/// One call of an expansion: what it may look at, and where the result goes.
struct Expansion {
    const CommandContext& with;
    const http::CommandCall& call;
    Json data;
    Expanded& out;

    template <class C>
    void add(C command) {
        out.request.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command)));
    }
    [[nodiscard]] std::string actor() const { return call.principal ? call.principal->actor : "public"; }
    /// Seals a secret, unless this is a dry run; it is on the disk before the change that names it.
    [[nodiscard]] Result<SecretRef> seal(const std::string& name, const vault::Secret& secret) {
        if (call.dry_run) return SecretRef{name, 1};
        return with.cell.vault().stage(name, secret);
    }
};

using Expand = Result<void> (*)(Expansion&);

/// `long_running`: reads the log, or hashes; not for the thread that serves requests.
struct ExpansionEntry {
    Expand expand;
    bool long_running = false;
};
using Expansions = std::map<std::string_view, ExpansionEntry>;

void add_confirmation_expansions(Expansions& table);  ///< commit-confirm
void add_people_expansions(Expansions& table);        ///< users, passwords
void add_dhcp_expansions(Expansions& table);          ///< reservations out of leases
void add_vault_expansions(Expansions& table);         ///< the certificate authority
void add_secret_expansions(Expansions& table);        ///< named secrets

/// The data of a command that says no more than which.
struct IdOnly {
    Uuid id;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id));
    }
};

}  // namespace pic::api
