// One HTTP connection: read a request, pass the gate, let a handler answer, write, again. Requests that come
// pipelined wait in the buffer, which is bounded because nothing is read while one is being answered. Beast
// parses; the answer's head is written by hand, since it is the same few lines each time and Beast's field
// container would be built to be taken apart at once.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <list>
#include <memory>
#include <optional>

#include "controller/http/body_sink.hpp"
#include "controller/http/core.hpp"

namespace pic::http {

namespace beast = boost::beast;
using Parser = beast::http::request_parser<SinkBody>;

class Connection final : public Peer, public std::enable_shared_from_this<Connection> {
  public:
    Connection(Shared& shared, Stream stream, std::string remote, bool is_local, PrincipalPtr local);
    ~Connection() override;

    Awaitable<void> run();

    void tick(Clock::time_point now) override;
    void stop() override;
    void abort() override;

  private:
    /// asking: it is the files service that is waited for.
    enum class Phase { idle, reading, answering, writing, asking };
    enum class Read { done, closed, timed_out, malformed, too_large };

    Awaitable<bool> shake_hands();
    Awaitable<void> part();
    Awaitable<bool> serve_one();
    Awaitable<Read> read_header();
    Awaitable<Read> read_body(bool refused);
    [[nodiscard]] bool is_worth_skipping();
    Awaitable<bool> fill();
    [[nodiscard]] Read parse();
    void describe(Request& request);
    void believe_proxy(Request& request) const;
    [[nodiscard]] std::optional<Response> prepare_body(const Operation& operation);
    [[nodiscard]] Response failed(Read why) const;
    Awaitable<void> call_handler();
    [[nodiscard]] std::optional<Response> check_upgrade(Request& request);
    Awaitable<void> upgrade();

    // What is passed on to the files service: pass_on.cpp.
    Awaitable<Result<bool>> pass_on();
    Awaitable<bool> reach_files();
    Awaitable<bool> pass_body_on(std::uint64_t& left);
    Awaitable<Result<bool>> pass_answer_back(bool keep_alive);

    Awaitable<bool> send(const Response& response, bool keep_alive);
    Awaitable<bool> send_file(const Response& response);
    Awaitable<bool> write(std::string_view head, std::string_view body);
    /// What every answer tells browsers, those of the files service too.
    void write_protection();
    void write_head(const Response& response, std::size_t length, bool keep_alive);
    Awaitable<void> linger();

    void enter(Phase phase, std::chrono::milliseconds within);

    Shared& shared_;
    Stream stream_;
    std::optional<Socket> files_;  ///< to the files service, while something is passed on
    std::string remote_;
    bool is_local_;
    bool from_proxy_;  ///< one that is trusted to say whom it speaks for
    PrincipalPtr local_;
    std::list<Peer*>::iterator place_;
    beast::flat_buffer buffer_;
    std::shared_ptr<Parser> parser_;  ///< of one request, which an answer that comes late still looks at
    std::shared_ptr<Exchange> exchange_;
    std::string head_;
    Phase phase_ = Phase::idle;
    Clock::time_point deadline_;
    bool timed_out_ = false;
    bool unread_input_ = false;  ///< a refused body is still on its way
};

constexpr inline std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
/// What goes with a status; empty for one that nobody knows.
[[nodiscard]] std::string_view reason(int status);

/// Takes the socket over and speaks websocket on it. `request` passed the gate.
Awaitable<void> serve_websocket(Shared& shared, Stream stream, const Request& request,
                                beast::http::request_header<>& header);

}  // namespace pic::http
