#include "controller/core/operations.hpp"

#include <fmt/format.h>

#include <utility>

#include "bus/names.hpp"

namespace pic::core {
namespace {

/// A restart has done its work where the service is well afterwards, even if a newer configuration stays
/// refused.
bool has_succeeded(Operation::Kind kind, const Report& report) {
    return report.healthy && (kind == Operation::Kind::restart || report.state == ApplyState::applied);
}

}  // namespace

std::string_view name_of(OperationStatus::State state) {
    switch (state) {
        case OperationStatus::State::asked:
            return "asked";
        case OperationStatus::State::done:
            return "done";
        case OperationStatus::State::failed:
            return "failed";
        case OperationStatus::State::lost:
            return "lost";
    }
    return "";
}

Result<OperationStatus> Operations::ask(Operation what, Timestamp now, Time steady) {
    const std::lock_guard lock(mutex_);
    auto& entry = last_[what.service];
    if (!entry.status.what.id.is_nil() && entry.status.state == OperationStatus::State::asked) {
        return reject("operation_under_way", fmt::format("a {} of {} is under way: wait until it has ended",
                                                         bus::name_of(entry.status.what.kind), what.service));
    }
    entry.status = {std::move(what), now, std::nullopt, OperationStatus::State::asked, {}};
    entry.lost_at = steady + patience;
    return entry.status;
}

std::optional<Operation> Operations::for_agent(const std::string& service, const Uuid& taken) const {
    const std::lock_guard lock(mutex_);
    const auto entry = last_.find(service);
    if (entry == last_.end() || entry->second.status.state != OperationStatus::State::asked ||
        entry->second.status.what.id == taken)
        return std::nullopt;
    return entry->second.status.what;
}

void Operations::report(const Report& report, Timestamp now) {
    if (!report.operation) return;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = last_.find(report.service);
        if (entry == last_.end()) return;
        auto& status = entry->second.status;
        if (status.what.id != *report.operation || status.state != OperationStatus::State::asked) return;
        status.state = has_succeeded(status.what.kind, report) ? OperationStatus::State::done
                                                               : OperationStatus::State::failed;
        status.ended_at = now;
        status.detail = report.detail;
    }
    finish_waiters(Time::min());
}

std::optional<OperationStatus> Operations::last(const std::string& service) const {
    const std::lock_guard lock(mutex_);
    const auto entry = last_.find(service);
    if (entry == last_.end()) return std::nullopt;
    return entry->second.status;
}

void Operations::wait(const Operation& what, Time deadline, Waiter done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({what, deadline, std::move(done)});
    }
    finish_waiters(Time::min());
}

void Operations::tick(Timestamp now, Time steady) {
    {
        const std::lock_guard lock(mutex_);
        for (auto& [service, entry] : last_) {
            if (entry.status.state != OperationStatus::State::asked || steady < entry.lost_at) continue;
            entry.status.state = OperationStatus::State::lost;
            entry.status.ended_at = now;
            entry.status.detail = fmt::format("its agent said nothing for {} s", patience.count());
        }
    }
    finish_waiters(steady);
}

/// One that was followed by another has ended.
void Operations::finish_waiters(Time steady) {
    std::vector<std::pair<Waiter, OperationStatus>> ready;
    {
        const std::lock_guard lock(mutex_);
        for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
            const auto& now = last_.at(waiting->what.service).status;
            const bool is_it = now.what.id == waiting->what.id;
            if (is_it && now.state == OperationStatus::State::asked && steady < waiting->deadline) {
                ++waiting;
                continue;
            }
            ready.emplace_back(
                std::move(waiting->done),
                is_it ? now : OperationStatus{waiting->what, {}, {}, OperationStatus::State::lost, {}});
            waiting = waiting_.erase(waiting);
        }
    }
    for (auto& [done, status] : ready) done(std::move(status));
}

}  // namespace pic::core
