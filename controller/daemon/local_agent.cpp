#include "controller/daemon/local_agent.hpp"

#include <spdlog/spdlog.h>

#include "controller/api/enrolment.hpp"
#include "controller/vault/private_file.hpp"
#include "projections/dispatch.hpp"

namespace pic::daemon {
namespace {

/// The invitation of an earlier start that nobody has used; its token is in the file.
bool is_waiting(const accounts::State& state) {
    bool waiting = false;
    state.agents.for_each([&](const Uuid&, const accounts::BusClient& agent) {
        if (!agent.public_key && agent.name.text == LocalAgent::name) waiting = true;
    });
    return waiting;
}

bool has_enrolled(const accounts::State& state) {
    bool enrolled = false;
    state.agents.for_each([&](const Uuid&, const accounts::BusClient& agent) { enrolled = enrolled || agent.public_key.has_value(); });
    return enrolled;
}

}  // namespace

void LocalAgent::look() {
    const auto world = cell_.world();
    if (!world->get<cell::Service>().cell.claimed) return;
    const auto& state = world->get<accounts::Service>();
    if (has_enrolled(state)) {
        if (!offered_.exchange(true)) cell_.post([file = file_] { (void)vault::remove_private_file(file); });
        return;
    }
    if (offered_ || inviting_.exchange(true)) return;
    cell_.post([this] { invite(); });
}

void LocalAgent::invite() {
    const auto world = cell_.world();
    if (is_waiting(world->get<accounts::Service>()) && std::filesystem::exists(file_)) return;
    const auto id = core::new_uuid();
    auto token = std::make_shared<api::EnrolmentToken>(api::make_enrolment_token(accounts::BusKind::agent, id));
    auto ref = cell_.vault().stage(api::enrolment_secret(accounts::BusKind::agent, id), token->hash);
    if (!ref) {
        spdlog::warn("local_agent: no token for the local agent: {}", ref.error().detail);
        return;
    }
    accounts::InviteBusClient invite{id, accounts::BusKind::agent, Text{std::string(name)}, {}, *ref};
    for (const auto service : rendering_services()) invite.services.emplace_back(service);
    core::ChangeRequest request;
    request.commands.push_back(std::make_unique<CommandOf<accounts::InviteBusClient>>(std::move(invite)));
    request.actor = "system";
    request.source = "daemon";
    cell_.change(std::move(request), [](const core::Outcome&) { return core::Answer{}; },
                 [file = file_, token](Result<core::Answer> answer) {
                     if (!answer) {
                         spdlog::warn("local_agent: no token for the local agent: {}", answer.error().detail);
                         return;
                     }
                     const auto written = vault::write_private_file(file, token->text, vault::IfExists::replace);
                     if (!written) spdlog::warn("local_agent: the token cannot be written: {}", written.error().detail);
                 });
}

}  // namespace pic::daemon
