#include "bus/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "bus/timing.hpp"

namespace pic::bus {
namespace {

Error error_of(const Rejection& why) { return {why.code, why.detail}; }

/// A rejection becomes an error, a value the answer that holds it.
template <class T>
AnswerBody body_of(Result<T> result) {
    if (!result) return error_of(result.error());
    return std::move(*result);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

Result<void> check_speaks_for(const PeerIdentity& who, std::string_view service) {
    if (who.kind == PeerKind::agent && contains(who.services, service)) return {};
    return reject("not_allowed", fmt::format("The key of {} may not speak for {}.", who.id, service));
}

Result<void> check_may_follow(const PeerIdentity& who) {
    if (who.kind == PeerKind::subscriber) return {};
    return reject("not_allowed",
                  fmt::format("The key of {} is an agent's: it may not follow the log.", who.id));
}

/// Ends a page with the event that passes page_bytes_limit, so that large events cannot make a page of any
/// size.
void cut(EventsPage& page) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < page.events.size(); ++i) {
        bytes += page.events[i].json.size();
        if (bytes < page_bytes_limit || i + 1 == page.events.size()) continue;
        page.events.resize(i + 1);
        page.next.sequence = page.events.back().sequence;
    }
}

Frames bounded(RequestId id, const AnswerBody& body) {
    auto frames = encode(id, body);
    const bool fits =
        std::ranges::all_of(frames, [](const auto& f) { return f.size() <= answer_frame_limit; }) &&
        frames.size() <= 1 + files_limit && frame_bytes(frames) <= answer_limit;
    if (fits) return frames;
    return encode(id, AnswerBody(Error{"too_large", "The answer is larger than the bus carries."}));
}

}  // namespace

/// One message under way: what each request does.
struct Desk::Call {
    Desk& desk;
    std::string_view routing_id;
    std::string_view key;
    const std::shared_ptr<const PeerIdentity>& who;
    RequestId id;
    Session* session;
    Time now;

    using Reply = std::optional<AnswerBody>;

    Reply operator()(const Hello& hello) {
        if (hello.protocol != protocol_version) {
            return Error{"protocol_mismatch",
                         fmt::format("The controller speaks version {} of the bus, the peer {}.",
                                     protocol_version, hello.protocol)};
        }
        for (const auto& service : hello.services) {
            if (auto allowed = check_speaks_for(*who, service); !allowed) return error_of(allowed.error());
        }
        desk.sessions_.begin(routing_id, key, who, now);
        return Welcome{protocol_version, desk.hint_port_, desk.head_};
    }

    Reply operator()(Fetch& fetch) {
        if (auto allowed = check_speaks_for(*who, fetch.service); !allowed) return error_of(allowed.error());
        session->standing.erase(fetch.service);
        const auto placed = check_reader(fetch.have, desk.head_);
        // An agent from before a restore gets everything anew; only one that has seen more than the log must
        // stop.
        if (!placed && placed.error().code != "stale_epoch") return error_of(placed.error());
        auto reply = desk.guarded([&] { return body_of(ask(fetch)); });
        const bool stands = fetch.wait && reply && std::holds_alternative<UpToDate>(*reply);
        if (stands) session->standing.insert_or_assign(fetch.service, StandingFetch{id, fetch});
        return reply;
    }

    Reply operator()(Report& report) {
        if (auto allowed = check_speaks_for(*who, report.service); !allowed) return error_of(allowed.error());
        return desk.guarded([&]() -> Reply {
            desk.backend_.report(*who, std::move(report));
            return {};
        });
    }

    Reply operator()(Status& status) {
        if (auto allowed = check_speaks_for(*who, status.service); !allowed) return error_of(allowed.error());
        return desk.guarded([&]() -> Reply {
            desk.backend_.status(*who, std::move(status));
            return {};
        });
    }

    Reply operator()(FetchEvents& fetch) {
        if (auto allowed = check_may_follow(*who); !allowed) return error_of(allowed.error());
        if (auto placed = check_reader(fetch.after, desk.head_); !placed) return error_of(placed.error());
        const Position after{desk.head_.cell, desk.head_.epoch, fetch.after.sequence};
        return desk.guarded([&]() -> Reply {
            auto page = desk.backend_.events(*who, after, fetch.limit);
            if (!page) return error_of(page.error());
            cut(*page);
            desk.observe(page->head);
            return std::move(*page);
        });
    }

    Reply operator()(const FetchSnapshot&) {
        if (auto allowed = check_may_follow(*who); !allowed) return error_of(allowed.error());
        return desk.guarded([&] {
            auto snapshot = desk.backend_.snapshot(*who);
            if (snapshot) desk.observe(snapshot->position.sequence);
            return body_of(std::move(snapshot));
        });
    }

    Reply operator()(const Heartbeat&) { return Pulse{desk.head_}; }

    Reply operator()(const Goodbye&) {
        desk.sessions_.end(routing_id);
        return {};
    }

    Result<AnswerBody> ask(const Fetch& fetch) {
        auto answer = desk.backend_.fetch(*who, fetch);
        if (!answer) return std::unexpected(answer.error());
        if (const auto* bundle = std::get_if<Bundle>(&*answer)) desk.observe(bundle->revision.sequence);
        return std::visit([](auto& body) { return AnswerBody(std::move(body)); }, *answer);
    }
};

Desk::Desk(Backend& backend, const AllowList& allowed, Position head, std::uint16_t hint_port)
    : backend_(backend),
      allowed_(allowed),
      head_(head),
      hint_port_(hint_port),
      sessions_([&backend](const PeerIdentity& who) { backend.connected(who); },
                [&backend](const PeerIdentity& who) { backend.disconnected(who); }) {}

std::optional<Frames> Desk::handle(std::string_view routing_id, std::string_view key, FrameViews frames,
                                   Time now) {
    const auto who = allowed_.find(key);
    if (!who) {
        sessions_.end(routing_id);
        return encode(RequestId{}, AnswerBody(Error{"not_allowed", "The key is not, or no longer, listed."}));
    }
    auto request = decode_request(frames);
    if (!request) return encode(RequestId{}, AnswerBody(error_of(request.error())));
    auto* session = sessions_.find(routing_id);
    if (session == nullptr && !std::holds_alternative<Hello>(request->body)) {
        return encode(request->id, AnswerBody(Error{"hello_first", "A connection begins with hello."}));
    }
    if (session != nullptr) session->heard = now;
    const auto reply =
        std::visit(Call{*this, routing_id, key, who, request->id, session, now}, request->body);
    if (!reply) return std::nullopt;
    return bounded(request->id, *reply);
}

void Desk::wake(Sequence head, const Send& send) {
    observe(head);
    guarded([&]() -> std::optional<AnswerBody> {
        backend_.wake();
        return {};
    });
    for (auto& [routing_id, session] : sessions_.all()) {
        std::erase_if(session.standing, [&](const auto& entry) {
            auto frames = answer_to(session, entry.second);
            return frames && send(routing_id, std::move(*frames));
        });
    }
}

void Desk::foresee() {
    guarded([&]() -> std::optional<AnswerBody> {
        backend_.foresee();
        return {};
    });
}

std::optional<Frames> Desk::answer_to(Session& session, const StandingFetch& standing) {
    const auto who = allowed_.find(session.key);
    if (!who || !check_speaks_for(*who, standing.fetch.service)) return std::nullopt;
    Call call{*this, {}, session.key, who, standing.id, &session, {}};
    const auto reply = guarded([&] { return body_of(call.ask(standing.fetch)); });
    if (!reply || std::holds_alternative<UpToDate>(*reply)) return std::nullopt;
    return bounded(standing.id, *reply);
}

void Desk::sweep(Time now) { sessions_.end_silent_since(now - silence_limit); }

void Desk::end_revoked() {
    sessions_.end_if([this](const Session& session) { return allowed_.find(session.key) == nullptr; });
}

template <class Function>
std::optional<AnswerBody> Desk::guarded(Function function) {
    try {
        return function();
    } catch (const std::exception& broken) {
        backend_.fault(broken.what());
        return Error{"internal", "The controller could not answer; its own log says why."};
    }
}

void Desk::observe(Sequence seen) { head_.sequence = std::max(head_.sequence, seen); }

}  // namespace pic::bus
