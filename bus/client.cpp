#include "bus/client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "bus/doorbell.hpp"
#include "bus/link.hpp"
#include "bus/quiet_thread.hpp"

namespace pic::bus {
namespace {

using Clock = Link::Clock;

/// Live state that waits for the thread; beyond it the oldest is dropped.
constexpr std::size_t statuses_queue = 64;

/// After these no answer of the same controller would be another.
bool is_final(std::string_view code) {
    constexpr std::array<std::string_view, 5> codes{"ahead_of_log", "wrong_cell", "epoch_went_back",
                                                    "sequence_went_back", "not_allowed"};
    return std::ranges::find(codes, code) != codes.end();
}

/// What is asked of the controller for one service.
struct Asking {
    RequestId id;         ///< of the fetch under way or standing; 0: none
    bool halted = false;  ///< refused for good: not asked until the next welcome or ask()
    Position newest;      ///< of the bundles handed over
    Uuid operation;       ///< handed over last
};

}  // namespace

struct Client::Impl {
    Impl(ClientOptions options, AgentHandler& handler);

    void run();
    void happen(Happening happening);
    void on(const Connected& connected);
    void on(const Disconnected&);
    void on(const Refused& refused);
    void on(const Rung&);
    void on(Answer& answer);
    void on(const Hint& hint);
    void on_answer(const std::string& service, Asking& asking, Bundle& bundle);
    void on_answer(const std::string& service, Asking& asking, const Operation& operation);
    void ask(const std::string& service, Asking& asking);
    void ask_all();
    void send_report(const Report& report);
    void ring(auto&& change);

    AgentHandler& handler;
    std::chrono::milliseconds ask_every;
    Doorbell bell;
    Link link;
    std::map<std::string, Asking> askings;
    std::map<std::string, Report> reports;  ///< the last of each service, for the next welcome
    Clock::time_point ask_due = Clock::time_point::max();

    // Between the callers' threads and this one.
    std::mutex mutex;
    std::map<std::string, Report> new_reports;  ///< a newer one takes an older one's place
    std::deque<Status> new_statuses;
    std::set<std::string> wanted;
    std::atomic<bool> stopping{false};

    std::thread thread;
};

Client::Impl::Impl(ClientOptions options, AgentHandler& handler_in)
    : handler(handler_in),
      ask_every(options.ask_every),
      link({std::move(options.address), std::move(options.server_public_key), std::move(options.keys),
            std::move(options.software), options.services},
           bell.descriptor()) {
    for (const auto& service : options.services) askings.try_emplace(service);
    thread = quiet_thread([this] { run(); });
}

void Client::Impl::run() {
    while (!stopping) {
        if (auto happened = link.next(ask_due)) happen(std::move(*happened));
        if (Clock::now() >= ask_due) ask_all();
    }
    link.send(link.fresh_id(), Goodbye{});
}

void Client::Impl::happen(Happening happening) {
    std::visit([this](auto& what) { on(what); }, happening);
}

void Client::Impl::on(const Connected& connected) {
    handler.on_connected(connected.welcome);
    for (auto& [service, asking] : askings) asking.halted = false;
    for (const auto& [service, report] : reports) link.send(link.fresh_id(), report);
    ask_all();
}

void Client::Impl::on(const Disconnected&) {
    for (auto& [service, asking] : askings) asking.id = {};
    ask_due = Clock::time_point::max();
    handler.on_disconnected();
}

void Client::Impl::on(const Refused& refused) { handler.on_refused("", refused.why); }

void Client::Impl::on(const Rung&) {
    bell.answer();
    std::map<std::string, Report> to_report;
    std::deque<Status> to_tell;
    std::set<std::string> to_ask;
    {
        const std::scoped_lock lock(mutex);
        to_report.swap(new_reports);
        to_tell.swap(new_statuses);
        to_ask.swap(wanted);
    }
    for (auto& [service, report] : to_report) {
        if (link.connected()) link.send(link.fresh_id(), report);
        reports.insert_or_assign(service, std::move(report));
    }
    for (auto& status : to_tell) {
        if (link.connected()) link.send(link.fresh_id(), std::move(status));
    }
    for (const auto& service : to_ask) {
        auto& asking = askings[service];
        asking.halted = false;
        ask(service, asking);
    }
}

void Client::Impl::on(Answer& answer) {
    const auto found =
        std::ranges::find_if(askings, [&](const auto& entry) { return entry.second.id == answer.id; });
    if (answer.id == RequestId{} || found == askings.end()) return;  // overtaken by a newer question
    auto& [service, asking] = *found;
    if (auto* bundle = std::get_if<Bundle>(&answer.body)) {
        on_answer(service, asking, *bundle);
    } else if (const auto* operation = std::get_if<Operation>(&answer.body)) {
        on_answer(service, asking, *operation);
    } else if (const auto* up_to_date = std::get_if<UpToDate>(&answer.body)) {
        handler.on_up_to_date(service, up_to_date->revision);
    } else if (const auto* error = std::get_if<Error>(&answer.body)) {
        asking.id = {};
        asking.halted = is_final(error->code);
        handler.on_refused(service, {error->code, error->detail});
    }
}

void Client::Impl::on_answer(const std::string& service, Asking& asking, Bundle& bundle) {
    asking.id = {};
    const auto advance = check_advance(asking.newest, bundle.revision);
    if (!advance || bundle.service != service) {
        asking.halted = true;
        handler.on_refused(
            service, advance ? Rejection{"malformed", "The bundle is of another service."} : advance.error());
        return;
    }
    asking.newest = bundle.revision;
    handler.on_bundle(std::move(bundle));
    ask(service, asking);
}

/// It stays in the answers until the agent says in its next question that it has it.
void Client::Impl::on_answer(const std::string& service, Asking& asking, const Operation& operation) {
    asking.id = {};
    if (operation.service == service && std::exchange(asking.operation, operation.id) != operation.id)
        handler.on_operation(operation);
    ask(service, asking);
}

/// A fetch that stands is answered without being asked again.
void Client::Impl::on(const Hint& hint) {
    for (auto& [service, asking] : askings) {
        if (asking.id == RequestId{} && hint.head > asking.newest.sequence) ask(service, asking);
    }
}

void Client::Impl::ask(const std::string& service, Asking& asking) {
    if (asking.halted || !link.connected()) return;
    const auto have = handler.have(service);
    if (!have) return;
    if (check_advance(asking.newest, *have)) asking.newest = *have;
    asking.id = link.fresh_id();
    link.send(asking.id, Fetch{service, *have, std::nullopt, true, asking.operation});
}

void Client::Impl::ask_all() {
    for (auto& [service, asking] : askings) ask(service, asking);
    ask_due = link.connected() ? Clock::now() + ask_every : Clock::time_point::max();
}

void Client::Impl::ring(auto&& change) {
    {
        const std::scoped_lock lock(mutex);
        change();
    }
    bell.ring();
}

Client::Client(ClientOptions options, AgentHandler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}

Client::~Client() { stop(); }

void Client::report(Report report) {
    if (report.detail.size() > report_detail_limit) report.detail.resize(report_detail_limit);
    impl_->ring([&] {
        auto service = report.service;
        impl_->new_reports.insert_or_assign(std::move(service), std::move(report));
    });
}

void Client::status(Status status) {
    impl_->ring([&] {
        if (impl_->new_statuses.size() == statuses_queue) impl_->new_statuses.pop_front();
        impl_->new_statuses.push_back(std::move(status));
    });
}

void Client::ask(std::string service) {
    impl_->ring([&] { impl_->wanted.insert(std::move(service)); });
}

void Client::stop() {
    if (!impl_->thread.joinable()) return;
    impl_->stopping = true;
    impl_->bell.ring();
    impl_->thread.join();
}

}  // namespace pic::bus
