#include "adapters/agent/service.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "bus/messages.hpp"

namespace pic::agent {

namespace {

using Clock = std::chrono::steady_clock;

/// Whether the same content may succeed later: not when it was judged bad.
bool worth_another_try(const Report& report) {
    switch (report.state) {
        case ApplyState::applied:
        case ApplyState::disabled:
            return false;
        case ApplyState::refused:
            return report.step == "stage" || report.step == "swap";
        case ApplyState::rolled_back:
        case ApplyState::retrying:
        case ApplyState::not_installed:
            return true;
    }
    return false;
}

bool says_the_same(const Report& a, const Report& b) {
    return a.revision == b.revision && a.applied == b.applied && a.state == b.state && a.step == b.step &&
           a.detail == b.detail && a.healthy == b.healthy && a.drift == b.drift &&
           (!b.operation || a.operation == b.operation);
}

}  // namespace

struct Service::State {
    State(ApplierOptions o, Outlet out) : options(std::move(o)), outlet(std::move(out)) {}

    ApplierOptions options;
    const Outlet outlet;

    mutable std::mutex mutex;
    std::condition_variable changed;
    bool recovered = false;
    bool stopping = false;
    bool restarted = false;              ///< a program was
    bool anew = false;                   ///< the tables are to be told in full
    std::optional<Rejection> objection;  ///< of the controller, not told yet
    std::optional<Operation> asked;      ///< not carried out yet
    Content held;
    Position newest;  ///< ever held; stays when `held` is forgotten
    Position tried;   ///< what apply() was last called for

    // The service's thread alone:
    std::optional<Report> told;
    std::string told_status;
    std::chrono::seconds pause = first_retry_pause;
    std::optional<Clock::time_point> retry_at;
    Clock::time_point look_at;
    Clock::time_point live_at;

    std::thread thread;

    void run();
    void work();
    template <class F>
    Report guarded(const Position& revision, F&& attempt);
    Report carry_out(Applier& applier, const Operation& operation, const Content& desired);
    void recover(Applier& applier);
    void turn(Applier& applier, std::unique_lock<std::mutex>& lock);
    void tell(const Report& report);
    void after_attempt(const Applier& applier, const Report& report);
    void object(const Applier& applier, const Rejection& why);
    void tell_live(Applier& applier, bool in_full);
    [[nodiscard]] Clock::time_point next_time() const;
    /// Whether there is a content that apply() was not called for. A service of which the log says nothing
    /// yet stands at sequence 0 and has none.
    [[nodiscard]] bool fresh() const { return !held.empty() && held.revision != tried; }
    [[nodiscard]] bool has_work() const {
        return stopping || restarted || anew || objection || asked || fresh();
    }
};

void Service::State::tell(const Report& report) {
    if (told && says_the_same(*told, report)) return;
    told = report;
    outlet.report(report);
}

void Service::State::after_attempt(const Applier& applier, const Report& report) {
    tell(report);
    if (auto status = applier.status(); status != told_status) {
        told_status = std::move(status);
        outlet.status(told_status);
    }
    look_at = Clock::now() + look_interval;
    if (!worth_another_try(report)) {
        retry_at.reset();
        pause = first_retry_pause;
        return;
    }
    retry_at = Clock::now() + pause;
    pause = std::min(2 * pause, longest_retry_pause);
}

/// The controller will not go on with this agent: said, and nothing live is touched.
void Service::State::object(const Applier& applier, const Rejection& why) {
    Report report;
    report.service = options.spec.service;
    report.revision = applier.good().revision;
    report.applied = applier.good().revision.sequence;
    report.state = ApplyState::refused;
    report.step = "fetch";
    report.detail = why.code + ": " + why.detail;
    report.healthy = told && told->healthy;
    report.at = told ? told->at : Timestamp{};
    tell(report);
}

Clock::time_point Service::State::next_time() const {
    const auto look = retry_at && !held.empty() ? std::min(*retry_at, look_at) : look_at;
    return std::min(look, live_at);
}

void Service::State::tell_live(Applier& applier, bool in_full) {
    if (in_full) applier.forget_live();
    if (!in_full && Clock::now() < live_at) return;
    live_at = Clock::now() + live_interval;
    if (!outlet.live) return;
    try {
        for (const auto& message : applier.live()) outlet.live(message);
        for (const auto& message : applier.own_tables()) outlet.live(message);
    } catch (const std::exception&) {  // no process, no pipe: the service's own steps will say so
    }
}

void Service::State::recover(Applier& applier) {
    const auto report = guarded({}, [&] { return applier.recover(); });
    {
        const std::scoped_lock lock(mutex);
        held = applier.good();
        newest = tried = held.revision;
        recovered = true;
    }
    if (!applier.good().empty()) after_attempt(applier, report);
    outlet.ready();
}

void Service::State::turn(Applier& applier, std::unique_lock<std::mutex>& lock) {
    const Content desired = held;
    const bool is_fresh = fresh();
    if (is_fresh) tried = desired.revision;
    const bool was_restarted = std::exchange(restarted, false);
    const bool in_full = std::exchange(anew, false);
    const auto why = std::exchange(objection, std::nullopt);
    const auto operation = std::exchange(asked, std::nullopt);
    lock.unlock();
    const bool due = retry_at && Clock::now() >= *retry_at && !desired.empty();
    if (is_fresh) pause = first_retry_pause;
    if (is_fresh || due) {
        after_attempt(applier, guarded(desired.revision, [&] { return applier.apply(desired); }));
    } else if (was_restarted && !operation) {
        after_attempt(applier, guarded(desired.revision, [&] { return applier.resume(); }));
    } else if (Clock::now() >= look_at) {
        look_at = Clock::now() + look_interval;
        if (!applier.good().empty()) tell(guarded(desired.revision, [&] { return applier.look(); }));
    }
    if (operation) after_attempt(applier, carry_out(applier, *operation, desired));
    if (why) object(applier, *why);
    tell_live(applier, in_full);
    lock.lock();
}

/// Broken machinery (no process, no folder) is told like any failure, and tried again.
template <class F>
Report Service::State::guarded(const Position& revision, F&& attempt) {
    try {
        return attempt();
    } catch (const std::exception& e) {
        Report report;
        report.service = options.spec.service;
        report.revision = revision;
        report.state = ApplyState::rolled_back;
        report.step = "agent";
        report.detail = e.what();
        return report;
    }
}

Report Service::State::carry_out(Applier& applier, const Operation& operation, const Content& desired) {
    auto report = guarded(desired.revision, [&] {
        return operation.kind == Operation::Kind::restart ? applier.restart() : applier.reapply(desired);
    });
    report.operation = operation.id;
    return report;
}

void Service::State::run() {
    try {
        work();
    } catch (const std::exception&) {  // its folder cannot be made: nothing can be done for this service
        tell(guarded({}, [&]() -> Report { throw; }));
    }
}

void Service::State::work() {
    Applier applier(options);
    look_at = Clock::now() + look_interval;
    live_at = Clock::now();
    recover(applier);
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait_until(lock, next_time(), [&] { return has_work(); });
        if (stopping) break;
        turn(applier, lock);
    }
    lock.unlock();
    applier.stop();
}

Service::Service(ApplierOptions options, Outlet outlet)
    : state_(std::make_unique<State>(std::move(options), std::move(outlet))) {
    State* const s = state_.get();
    s->options.report = [s](const Report& report) { s->tell(report); };
    s->options.program_restarted = [s] {
        const std::scoped_lock lock(s->mutex);
        s->restarted = true;
        s->changed.notify_all();
    };
    s->thread = std::thread([s] { s->run(); });
}

Service::~Service() { stop(); }

std::optional<Position> Service::have() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->recovered ? std::optional(state_->held.revision) : std::nullopt;
}

Result<void> Service::offer(const Bundle& bundle) {
    Content now;
    {
        const std::scoped_lock lock(state_->mutex);
        if (!state_->recovered) return reject("busy", "the last good content is still being read");
        if (auto ok = bus::check_advance(state_->newest, bundle.revision); !ok) return ok;
        auto next = advance(state_->held, bundle);
        if (!next) {
            state_->held = Content{};
            return std::unexpected(next.error());
        }
        state_->held = *next;
        state_->newest = next->revision;
        now = std::move(*next);
        state_->changed.notify_all();
    }
    if (state_->outlet.held) state_->outlet.held(now);
    return {};
}

void Service::operate(const Operation& operation) {
    const std::scoped_lock lock(state_->mutex);
    state_->asked = operation;
    state_->changed.notify_all();
}

void Service::tell_anew() {
    const std::scoped_lock lock(state_->mutex);
    state_->anew = true;
    state_->changed.notify_all();
}

void Service::refused(const Rejection& why) {
    const std::scoped_lock lock(state_->mutex);
    state_->objection = why;
    state_->changed.notify_all();
}

void Service::stop() {
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        state_->changed.notify_all();
    }
    if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace pic::agent
