// A change made by a handler that must know how it ended before it answers: a code of the second factor is
// used up before the sign-in goes on, a look at a secret is in the log before the secret is shown.
#pragma once

#include <memory>
#include <string>

#include "controller/api/handlers.hpp"
#include "projections/core/command.hpp"

namespace pic::api {

/// Says in the change who asked for it, from where, and by which request.
void sign(core::ChangeRequest& change, std::string actor, const http::Request& request);

template <class C>
[[nodiscard]] core::ChangeRequest change_of(C command, std::string actor, const http::Request& request) {
    core::ChangeRequest change;
    change.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command)));
    sign(change, std::move(actor), request);
    return change;
}

/// Waits until the change is durable; for a worker's thread. What the decider or the log refuses comes back.
[[nodiscard]] Result<void> commit(core::Cell& cell, core::ChangeRequest change);

}  // namespace pic::api
