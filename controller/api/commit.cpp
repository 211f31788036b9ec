#include "controller/api/commit.hpp"

#include <future>

namespace pic::api {

void sign(core::ChangeRequest& change, std::string actor, const http::Request& request) {
    change.actor = std::move(actor);
    change.source = request.remote;
    change.request_id = request.request_id;
}

Result<void> commit(core::Cell& cell, core::ChangeRequest change) {
    std::promise<Result<void>> done;
    cell.change(
        std::move(change), [](const core::Outcome&) { return core::Answer{}; },
        [&](Result<core::Answer> answer) {
            done.set_value(answer ? Result<void>{} : std::unexpected(std::move(answer.error())));
        });
    return done.get_future().get();
}

}  // namespace pic::api
