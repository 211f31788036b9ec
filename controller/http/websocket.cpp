// The websocket of GET /stream: two coroutines, one that writes (and alone decides what), one that reads so
// that pings, pongs and the other side's close are seen. What to write next is asked of the hub each time, so
// there is never more than one message in flight and nothing queued.
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "controller/http/connection.hpp"

namespace pic::http {
namespace {

namespace ws = beast::websocket;

/// Clients have nothing to say; a message is read and forgotten, a large one ends the connection.
constexpr std::size_t client_message_limit = 4096;

class StreamSession final : public Peer, public std::enable_shared_from_this<StreamSession> {
  public:
    StreamSession(Shared& shared, Stream stream, PrincipalPtr principal, Sequence seen)
        : shared_(shared),
          ws_(std::move(stream)),
          principal_(std::move(principal)),
          seen_(seen),
          place_(shared.peers.insert(shared.peers.end(), this)),
          next_check_(Clock::now() + shared.limits.stream_check) {
        shared_.metrics.websockets(++shared_.websockets);
    }

    ~StreamSession() override {
        shared_.peers.erase(place_);
        shared_.metrics.websockets(--shared_.websockets);
    }

    Awaitable<void> run(beast::http::request_header<>& header) {
        const beast::http::request<beast::http::empty_body> request(std::move(header));
        set_options();
        error_code error;
        co_await ws_.async_accept(request, into(error));
        if (error) co_return;
        asio::co_spawn(
            ws_.get_executor(), [self = shared_from_this()]() -> Awaitable<void> { co_await self->read(); },
            asio::detached);
        ticket_ = shared_.hub.join([this] { wake(); });
        co_await write_until_closed();
        shared_.hub.leave(ticket_);
        if (!ended_) co_await close();
        error_code ignored;
        beast::get_lowest_layer(ws_).close(ignored);
    }

    void tick(Clock::time_point now) override {
        if (now >= deadline_) return abort();
        if (now < next_check_) return;
        next_check_ = now + shared_.limits.stream_check;
        if (!shared_.gatekeeper.still_valid(*principal_))
            begin_close(ws::close_code::policy_error, "signed out");
    }
    void stop() override { begin_close(ws::close_code::going_away, "the daemon is stopping"); }
    void abort() override {
        error_code ignored;
        beast::get_lowest_layer(ws_).close(ignored);
        ended_ = true;
        wake();
    }

  private:
    void set_options() {
        ws::stream_base::timeout times{};
        times.handshake_timeout = shared_.limits.request;
        times.idle_timeout = shared_.limits.stream_ping;
        times.keep_alive_pings = true;
        ws_.set_option(times);
        ws_.read_message_max(client_message_limit);
        ws_.text(true);
    }

    void begin_close(ws::close_code code, const char* reason) {
        if (reason_.code != ws::close_code::none) return;
        reason_ = ws::close_reason(code, reason);
        // A slow reader has to read what is under way before it comes to the close; all others are gone
        // quickly.
        const auto& limits = shared_.limits;
        deadline_ = Clock::now() + (code == ws::close_code::try_again_later ? limits.write : limits.drain);
        wake();
    }

    void wake() {
        if (waiting_) asio::post(ws_.get_executor(), std::exchange(waiting_, nullptr));
    }

    Awaitable<void> wait() {
        co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(
            [this](auto resume) { waiting_ = std::move(resume); }, use_awaitable);
    }

    [[nodiscard]] bool over() const { return ended_ || reason_.code != ws::close_code::none; }

    Awaitable<void> write_until_closed() {
        while (!over()) {
            const auto next = shared_.hub.after(seen_);
            if (next.where == StreamHub::Where::here) {
                const bool written = co_await write(*next.message);
                if (written) seen_ = next.seq;
            } else if (next.where == StreamHub::Where::behind && caught_up_) {
                begin_close(ws::close_code::try_again_later, "too slow: resume with after");
            } else if (next.where == StreamHub::Where::behind) {
                co_await catch_up();
            } else {
                const bool written = co_await write_the_rest();
                if (!written) co_await wait();
            }
        }
    }

    /// A page of the log.
    Awaitable<void> catch_up() {
        auto page = std::make_shared<Result<EventPages::Page>>();
        auto answered = std::make_shared<bool>(false);
        shared_.hub.read(seen_, [self = weak_from_this(), page, answered](Result<EventPages::Page> read) {
            *page = std::move(read);
            *answered = true;
            if (const auto session = self.lock()) session->wake();
        });
        while (!*answered && !over()) co_await wait();
        if (over()) co_return;
        if (!*page || (*page)->events.empty()) {
            begin_close(ws::close_code::internal_error, "the log cannot be read");
            co_return;
        }
        for (const auto& [seq, json] : (*page)->events) {
            if (over()) co_return;
            const bool written = co_await write(event_message(json));
            if (!written) co_return;
            seen_ = seq;
        }
    }

    /// At the head: says so once, then passes on what services are doing. Nothing to say: false.
    Awaitable<bool> write_the_rest() {
        if (!std::exchange(caught_up_, true)) {
            const bool written = co_await write(fmt::format(R"({{"kind":"caught_up","seq":{},"epoch":{}}})",
                                                            seen_.value, shared_.hub.epoch().value));
            co_return written;
        }
        const auto statuses = shared_.hub.statuses_after(generation_);
        for (const auto& [generation, message] : statuses) {
            if (over()) co_return true;
            const bool written = co_await write(*message);
            if (!written) co_return true;
            generation_ = generation;
        }
        co_return !statuses.empty();
    }

    Awaitable<bool> write(std::string message) {
        error_code error;
        const auto before =
            std::exchange(deadline_, std::min(deadline_, Clock::now() + shared_.limits.write));
        co_await ws_.async_write(asio::buffer(message), into(error));
        if (!over()) deadline_ = before;
        if (error) ended_ = true;
        co_return !error;
    }

    Awaitable<void> read() {
        beast::flat_buffer buffer;
        error_code error;
        while (!error) {
            co_await ws_.async_read(buffer, into(error));
            buffer.clear();
        }
        ended_ = true;
        wake();
    }

    Awaitable<void> close() {
        error_code ignored;
        co_await ws_.async_close(reason_, into(ignored));
    }

    Shared& shared_;
    ws::stream<Stream> ws_;
    PrincipalPtr principal_;
    Sequence seen_;
    std::list<Peer*>::iterator place_;
    StreamHub::Ticket ticket_;
    std::move_only_function<void()> waiting_;
    ws::close_reason reason_;
    std::uint64_t generation_ = 0;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point next_check_;
    bool caught_up_ = false;
    bool ended_ = false;
};

}  // namespace

Awaitable<void> serve_websocket(Shared& shared, Stream stream, const Request& request,
                                beast::http::request_header<>& header) {
    const Sequence after{request.query_number("after").value_or(shared.hub.head().value)};
    const auto session = std::make_shared<StreamSession>(shared, std::move(stream), request.principal, after);
    co_await session->run(header);
}

}  // namespace pic::http
