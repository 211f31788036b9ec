// A change made by a handler that must know how it ended before it answers: a code of the second factor is
// used up before the sign-in goes on, a look at a secret is in the log before the secret is shown.
#pragma once

#include <memory>
#include <string>

#include "controller/api/handlers.hpp"
#include "projections/core/command.hpp"

namespace pic::api {

template <class C>
[[nodiscard]] core::ChangeRequest change_of(C command, std::string actor, std::string request_id) {
    core::ChangeRequest change;
    change.commands.push_back(std::make_unique<CommandOf<C>>(std::move(command)));
    change.actor = std::move(actor);
    change.source = "http";
    change.request_id = std::move(request_id);
    return change;
}

/// Waits until the change is durable; for a worker's thread. What the decider or the log refuses comes back.
[[nodiscard]] Result<void> commit(core::Cell& cell, core::ChangeRequest change);

}  // namespace pic::api
