// Confirming a change made with Pic-Confirm-Within. The confirmation says that somebody can still get at the
// cell and that it still works; so a token, which a script holds that sees nothing, cannot give it, and
// nobody can while a service that the change concerns does not run with it or fails its probe.
#include <fmt/format.h>

#include <algorithm>

#include "controller/api/expansion.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/confirmations/confirmations.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

bool has_agent(const World& world, const std::string& service) {
    bool found = false;
    world.get<accounts::Service>().agents.for_each([&](const Uuid&, const accounts::BusClient& agent) {
        const auto& served = agent.services;
        found = found || (agent.public_key && std::ranges::find(served, service) != served.end());
    });
    return found;
}

/// Why a service is not seen to run with what the log says; empty where it is, or where nobody could tell:
/// it is off, its program is not on the machine, or no agent was ever enrolled for it.
std::string doubt(const World& world, const core::ServiceStatus& status) {
    const auto state = status.state();
    if (state == "disabled" || state == "not_installed") return {};
    if (state == "unreachable") return has_agent(world, status.name) ? "its agent cannot be reached" : "";
    const auto said = status.report ? status.report->detail : std::string();
    if (state != "applied") return fmt::format("{}{}{}", state, said.empty() ? "" : ": ", said);
    if (status.report && status.report->healthy) return {};
    return fmt::format("unhealthy{}{}", said.empty() ? "" : ": ", said);
}

Result<void> check_proven(const core::Cell& cell, Sequence first_of_change) {
    FieldErrors doubts;
    for (const auto& status : cell.publisher().status()) {
        if (status.desired < first_of_change) continue;  // untouched by it
        if (auto why = doubt(*cell.world(), status); !why.empty())
            doubts.push_back({"", fmt::format("{}: {}", status.name, why)});
    }
    if (doubts.empty()) return {};
    return reject("not_proven", "a service that the change concerns is not seen to work with it",
                  std::move(doubts));
}

/// A change is named by any of its events; it waits under its last one.
Result<void> confirm_change(Expansion& e) {
    if (e.call.principal && e.call.principal->kind == http::Principal::Kind::token)
        return reject("forbidden", "An administrator who is signed in confirms a change, not a token.");
    const std::uint64_t seq = e.data["seq"].get_uint64().value_unsafe();
    const auto& store = e.with.cell.store();
    const auto event = store.event(Sequence{seq});
    if (!event) return reject("not_found", fmt::format("there is no event {}", seq));
    const auto change = store.change(event->change.change_id);
    const confirmations::ConfirmChange command{change.back().sequence};
    if (confirmations::find(*e.with.cell.world(), command.seq) != nullptr) {
        if (auto ok = check_proven(e.with.cell, change.front().sequence); !ok) return ok;
    }
    e.add(command);
    return {};
}

}  // namespace

void add_confirmation_expansions(Expansions& table) { table["ConfirmChange"] = {confirm_change, true}; }

}  // namespace pic::api
