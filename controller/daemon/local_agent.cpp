#include "controller/daemon/local_agent.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "controller/api/enrolment.hpp"
#include "controller/vault/private_file.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/dispatch.hpp"

namespace pic::daemon {
namespace {

std::vector<std::string> all_services() {
    const auto& names = rendering_services();
    return {names.begin(), names.end()};
}

}  // namespace

bool LocalAgent::is_name(std::string_view agent) { return agent == local || is_rendering_service(agent); }

LocalAgent::LocalAgent(core::Cell& cell, std::filesystem::path token_file)
    : cell_(cell),
      name_(local),
      services_(all_services()),
      readers_(Readers::owner),
      file_(std::move(token_file)) {}

LocalAgent::LocalAgent(core::Cell& cell, std::string service, std::filesystem::path token_file)
    : cell_(cell),
      name_(service),
      services_{std::move(service)},
      readers_(Readers::all),
      file_(std::move(token_file)) {}

/// The invitation of an earlier start that nobody has used; its token is in the file.
bool LocalAgent::is_waiting(const accounts::State& state) const {
    bool waiting = false;
    state.agents.for_each([&](const Uuid&, const accounts::BusClient& agent) {
        if (!agent.public_key && agent.name.text == name_) waiting = true;
    });
    return waiting;
}

bool LocalAgent::has_enrolled(const accounts::State& state) const {
    bool enrolled = false;
    state.agents.for_each([&](const Uuid&, const accounts::BusClient& agent) {
        if (agent.public_key)
            enrolled =
                enrolled || std::ranges::find_first_of(agent.services, services_) != agent.services.end();
    });
    return enrolled;
}

void LocalAgent::keep(const vault::Secret& token) const {
    using std::filesystem::perms;
    std::error_code error;
    if (readers_ == Readers::all) std::filesystem::create_directories(file_.parent_path(), error);
    const auto written = vault::write_private_file(file_, token, vault::IfExists::replace);
    if (!written)
        return spdlog::warn("local_agent: the token of {} cannot be written: {}", name_,
                            written.error().detail);
    if (readers_ == Readers::owner) return;
    const auto seen =
        perms::owner_all | perms::group_read | perms::group_exec | perms::others_read | perms::others_exec;
    std::filesystem::permissions(file_.parent_path(), seen, error);
    std::filesystem::permissions(file_, seen & ~(perms::owner_exec | perms::group_exec | perms::others_exec),
                                 error);
}

void LocalAgent::look() {
    if (done_) return;
    const auto world = cell_.world();
    if (!world->get<cell::Service>().cell.claimed) return;
    if (has_enrolled(world->get<accounts::Service>())) {
        if (came_ && !done_.exchange(true))
            cell_.post([file = file_] { (void)vault::remove_private_file(file); });
        return;
    }
    if (inviting_.exchange(true)) return;
    cell_.post([this] { invite(); });
}

void LocalAgent::look(const core::ServiceStatus& status) {
    if (done_ || !status.connected || std::ranges::find(services_, status.name) == services_.end()) return;
    came_ = true;
    look();
}

void LocalAgent::invite() {
    const auto world = cell_.world();
    if (is_waiting(world->get<accounts::Service>()) && std::filesystem::exists(file_)) return;
    const auto id = core::new_uuid();
    auto token =
        std::make_shared<api::EnrolmentToken>(api::make_enrolment_token(accounts::BusKind::agent, id));
    auto ref = cell_.vault().stage(api::enrolment_secret(accounts::BusKind::agent, id), token->hash);
    if (!ref) {
        spdlog::warn("local_agent: no token for the agent {}: {}", name_, ref.error().detail);
        return;
    }
    accounts::InviteBusClient invite{id, accounts::BusKind::agent, Text{name_}, services_, {}, *ref};
    core::ChangeRequest request;
    request.commands.push_back(std::make_unique<CommandOf<accounts::InviteBusClient>>(std::move(invite)));
    request.actor = "system";
    request.source = "daemon";
    cell_.change(
        std::move(request), [](const core::Outcome&) { return core::Answer{}; },
        [this, token](Result<core::Answer> answer) {
            if (!answer)
                return spdlog::warn("local_agent: no token for the agent {}: {}", name_,
                                    answer.error().detail);
            keep(token->text);
        });
}

}  // namespace pic::daemon
