#include "bus/subscriber.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "bus/link.hpp"
#include "bus/timing.hpp"

namespace pic::bus {
namespace {

using Clock = Link::Clock;

}  // namespace

struct Subscriber::Impl {
    explicit Impl(SubscriberOptions options)
        : link({std::move(options.address),
                std::move(options.server_public_key),
                std::move(options.keys),
                std::move(options.software),
                {}}),
          position(options.after) {}

    Result<std::vector<EventRecord>> next(std::chrono::milliseconds timeout);
    Result<Snapshot> snapshot(std::chrono::milliseconds timeout);
    Result<std::vector<EventRecord>> take(EventsPage page);
    void keep_asking(const RequestBody& request);
    [[nodiscard]] Clock::time_point next_ask(Clock::time_point deadline) const;
    Result<std::optional<Answer>> wait(Clock::time_point deadline);

    Link link;
    Position position;
    bool behind = true;  ///< there may be events beyond position
    RequestId asked;     ///< the request under way; 0: none
    Clock::time_point asked_at;
};

/// Sends the request unless it is under way already.
void Subscriber::Impl::keep_asking(const RequestBody& request) {
    if (!link.connected() || asked != RequestId{}) return;
    asked = link.fresh_id();
    asked_at = Clock::now();
    link.send(asked, request);
}

/// An answer that has not come within ask_interval is asked for again.
Clock::time_point Subscriber::Impl::next_ask(Clock::time_point deadline) const {
    return asked == RequestId{} ? deadline : std::min(deadline, asked_at + ask_interval);
}

/// Waits for one thing to happen. An answer, if it is the one asked for; nothing otherwise.
Result<std::optional<Answer>> Subscriber::Impl::wait(Clock::time_point deadline) {
    auto happened = link.next(next_ask(deadline));
    if (!happened) {
        if (Clock::now() < deadline) asked = {};
        return std::nullopt;
    }
    if (auto* refused = std::get_if<Refused>(&*happened)) return std::unexpected(refused->why);
    if (std::holds_alternative<Connected>(*happened)) behind = true;
    if (std::holds_alternative<Disconnected>(*happened)) asked = {};
    if (const auto* hint = std::get_if<Hint>(&*happened)) behind = behind || hint->head > position.sequence;
    auto* answer = std::get_if<Answer>(&*happened);
    if (answer == nullptr || answer->id != asked) return std::nullopt;
    asked = {};
    if (const auto* error = std::get_if<Error>(&answer->body)) return reject(error->code, error->detail);
    return std::move(*answer);
}

Result<std::vector<EventRecord>> Subscriber::Impl::next(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    do {
        if (behind) keep_asking(FetchEvents{position, page_limit});
        auto answer = wait(deadline);
        if (!answer) return std::unexpected(answer.error());
        if (!*answer) continue;
        auto* page = std::get_if<EventsPage>(&(*answer)->body);
        if (page == nullptr) continue;
        auto events = take(std::move(*page));
        if (!events || !events->empty()) return events;
    } while (Clock::now() < deadline);
    return {};
}

/// Goes on to the end of a page, if that is forward.
Result<std::vector<EventRecord>> Subscriber::Impl::take(EventsPage page) {
    if (auto advance = check_advance(position, page.next); !advance) return std::unexpected(advance.error());
    if (!page.events.empty() && page.events.front().sequence <= position.sequence) {
        return reject("sequence_went_back",
                      "The page begins with an event that was asked to be left behind.");
    }
    position = page.next;
    behind = page.next.sequence < page.head;
    return std::move(page.events);
}

Result<Snapshot> Subscriber::Impl::snapshot(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    asked = {};
    do {
        keep_asking(FetchSnapshot{});
        auto answer = wait(deadline);
        if (!answer) return std::unexpected(answer.error());
        if (!*answer) continue;
        if (auto* snapshot = std::get_if<Snapshot>(&(*answer)->body)) {
            position = snapshot->position;
            behind = true;
            return std::move(*snapshot);
        }
    } while (Clock::now() < deadline);
    return reject("timeout", "The controller did not answer in time.");
}

Subscriber::Subscriber(SubscriberOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Subscriber::~Subscriber() = default;
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;

Result<Snapshot> Subscriber::snapshot(std::chrono::milliseconds timeout) { return impl_->snapshot(timeout); }
Result<std::vector<EventRecord>> Subscriber::next(std::chrono::milliseconds timeout) {
    return impl_->next(timeout);
}
const Position& Subscriber::position() const { return impl_->position; }

}  // namespace pic::bus
