#include "controller/core/confirmation_keeper.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace pic::core {
namespace {

template <class C>
AnyCommand any(C command) {
    return std::make_unique<CommandOf<C>>(std::move(command));
}

/// Whether the same change may be taken back at another time; else a rule stands against it for good.
bool may_pass(std::string_view code) {
    return code == "overloaded" || code == "log_unwritable" || code == "vault_unwritable" ||
           code == "read_only" || code == "shutting_down" || code == "stale_version" || code == "internal";
}

}  // namespace

void ConfirmationKeeper::look(const std::shared_ptr<const World>& world, Timestamp now, Time steady) {
    const auto& waiting = world->get<confirmations::Service>().waiting;
    std::erase_if(due_, [&](const auto& known) { return !waiting.contains(known.first); });
    if (waiting.size() == 0 || *under_way_ != 0) return;
    waiting.for_each([&](const Uuid& id, const confirmations::Waiting& one) {
        const auto left = std::chrono::milliseconds(
            std::clamp<std::int64_t>(one.until.ms - now.ms, 0, std::int64_t{1000} * one.within));
        const auto [known, is_new] = due_.try_emplace(id, steady + left);
        if (known->second > steady) return;
        known->second = steady + retry_interval;
        ++*under_way_;
        hooks_.post([this, world, one, under_way = under_way_] {
            take_back(*world, one);
            --*under_way;
        });
    });
}

void ConfirmationKeeper::take_back(const World& world, const confirmations::Waiting& waiting) {
    auto plan = hooks_.plan(world, waiting.seq);
    if (plan) return settle(waiting, std::move(plan->commands), plan->undoes, std::nullopt);
    // Somebody has undone it by hand already, or it cannot be undone any more.
    if (!may_pass(plan.error().code)) return settle(waiting, {}, waiting.seq, plan.error().detail);
    spdlog::warn("{}: change {} was not confirmed, and cannot be taken back yet: {}", plan.error().code,
                 waiting.seq.value, plan.error().detail);
}

void ConfirmationKeeper::settle(const confirmations::Waiting& waiting, std::vector<AnyCommand> commands,
                                std::optional<Sequence> causation, std::optional<std::string> kept) {
    const bool takes_back = !kept;
    commands.push_back(any(confirmations::LapseConfirmation{waiting.id, std::move(kept)}));
    hooks_.change(std::move(commands), causation, [this, waiting, causation, takes_back](Result<void> done) {
        if (done) {
            if (takes_back)
                spdlog::info("change {} was not confirmed in time: it is undone", waiting.seq.value);
            return;
        }
        const auto& why = done.error();
        if (why.code == "not_found") return;  // it was confirmed at the last moment
        spdlog::error("{}: change {} was not confirmed, and could not be taken back: {}", why.code,
                      waiting.seq.value, why.detail);
        if (takes_back && !may_pass(why.code)) settle(waiting, {}, causation, why.detail);
    });
}

}  // namespace pic::core
