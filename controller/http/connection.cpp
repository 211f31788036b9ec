#include "controller/http/connection.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>
#include <array>

#include "controller/http/method.hpp"

namespace pic::http {
namespace {

namespace bhttp = beast::http;

constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t file_piece = 64 * 1024;
/// Bodies up to this are copied behind the head and leave in one piece.
constexpr std::size_t small_body = 16 * 1024;
/// Of a refused request; beyond this the connection ends with the refusal.
constexpr std::uint64_t skipped_body = 64 * 1024;
constexpr std::size_t request_id_limit = 64;
/// RFC 6797: half a year. It holds for every port of the host, so only where we serve nothing but HTTPS
/// there.
constexpr std::string_view hsts = "Strict-Transport-Security: max-age=15552000\r\n";

std::string_view find_field(const void* fields, std::string_view name) {
    const auto& header = *static_cast<const bhttp::fields*>(fields);
    const auto found = header.find(beast::string_view(name.data(), name.size()));
    if (found == header.end()) return {};
    return {found->value().data(), found->value().size()};
}

/// A client's own id is kept where it is harmless, so that its logs and ours can be laid side by side.
bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= request_id_limit && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    });
}

/// Who asks is not known, or may not; or asks too often.
bool is_refusal(const Response& response) {
    constexpr std::array<int, 3> refusing{401, 403, 429};
    return !response.recorded && std::ranges::find(refusing, response.status) != refusing.end();
}

bool is_address(std::string_view text) { return Ipv4::parse(text) || Ipv6::parse(text); }

}  // namespace

std::string_view reason(int status) {
    const auto text = bhttp::obsolete_reason(static_cast<bhttp::status>(status));
    return {text.data(), text.size()};
}

void start_connection(Shared& shared, Stream stream, std::string remote, bool is_local, PrincipalPtr local) {
    auto executor = stream.get_executor();
    auto connection = std::make_shared<Connection>(shared, std::move(stream), std::move(remote), is_local,
                                                   std::move(local));
    asio::co_spawn(
        executor, [connection]() -> Awaitable<void> { co_await connection->run(); }, asio::detached);
}

Connection::Connection(Shared& shared, Stream stream, std::string remote, bool is_local, PrincipalPtr local)
    : shared_(shared),
      stream_(std::move(stream)),
      remote_(std::move(remote)),
      is_local_(is_local),
      from_proxy_(!is_local && access::is_within(shared.options.trusted_proxies, remote_)),
      local_(std::move(local)),
      place_(shared.peers.insert(shared.peers.end(), this)) {
    shared_.metrics.connections(shared_.peers.size());
}

Connection::~Connection() {
    shared_.peers.erase(place_);
    shared_.metrics.connections(shared_.peers.size());
}

void Connection::enter(Phase phase, std::chrono::milliseconds within) {
    phase_ = phase;
    deadline_ = Clock::now() + within;
}

void Connection::tick(Clock::time_point now) {
    if (phase_ == Phase::answering || now < deadline_) return;
    error_code ignored;
    if (phase_ == Phase::asking) {  // the coroutine says what it waited for in vain
        if (files_) files_->close(ignored);
        return enter(Phase::writing, shared_.limits.write);
    }
    if (std::exchange(timed_out_, true) || phase_ != Phase::reading) {
        stream_.close(ignored);
        if (files_) files_->close(ignored);
    } else {
        stream_.cancel(ignored);  // the coroutine says 408 and goes
        deadline_ = now + shared_.limits.drain;
    }
}

void Connection::stop() {
    error_code ignored;
    if (phase_ == Phase::idle) stream_.close(ignored);
}

void Connection::abort() {
    error_code ignored;
    stream_.close(ignored);
    if (files_) files_->close(ignored);
    // An answer that is still awaited will come to nobody: dropping what waits for it ends the coroutine, and
    // us with it.
    if (exchange_) {
        const auto waiting = std::exchange(exchange_->resume, nullptr);
    }
}

Awaitable<void> Connection::run() {
    bool more = true;
    if (stream_.is_tls()) more = co_await shake_hands();
    while (more) more = co_await serve_one();
    if (unread_input_) co_await linger();
    if (stream_.is_tls()) co_await part();
    error_code ignored;
    stream_.shutdown(Socket::shutdown_both, ignored);
    stream_.close(ignored);
}

Awaitable<bool> Connection::shake_hands() {
    enter(Phase::writing, shared_.limits.request);  // whoever does not come to an end is cut off
    error_code error;
    co_await stream_.async_handshake(into(error));
    co_return !error;
}

Awaitable<void> Connection::part() {
    enter(Phase::writing, shared_.limits.drain);
    error_code ignored;
    co_await stream_.async_farewell(into(ignored));
}

Awaitable<bool> Connection::serve_one() {
    if (!exchange_ || exchange_.use_count() > 1) {
        exchange_ = std::make_shared<Exchange>();
        exchange_->mailbox = shared_.mailbox;
    } else {
        exchange_->request = Request{};
        exchange_->response = Response{};
        exchange_->answered = false;
    }
    parser_ = std::make_shared<Parser>();
    exchange_->received = parser_;
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    parser_->body_limit(boost::none);  // the body's limit depends on the call, see read_body()
    enter(Phase::idle, shared_.limits.idle);
    const auto header = co_await read_header();
    if (header == Read::closed) co_return false;
    if (header != Read::done) {
        unread_input_ = true;
        const auto refusal = failed(header);
        co_await send(refusal, false);
        co_return false;
    }
    const auto started = Clock::now();
    auto& request = exchange_->request;
    describe(request);
    auto answer = shared_.gate.admit(request, local_);
    if (!answer && request.operation->websocket) {
        co_await upgrade();
        co_return false;
    }
    if (!answer && shared_.gate.is_passed_on(request)) {
        const auto passed = co_await pass_on();
        if (passed) co_return *passed;
        answer = problem(passed.error(), request.request_id);
        unread_input_ = true;  // how much of it is left, nobody counts
    } else if (!parser_->is_done()) {
        if (!answer) answer = prepare_body(*request.operation);
        const auto body = co_await read_body(answer.has_value());
        if (body == Read::closed) co_return false;
        unread_input_ = body != Read::done;
        if (!answer && unread_input_) answer = failed(body);
    }
    request.body = parser_->get().body().text;
    phase_ = Phase::answering;
    if (!answer) answer = shared_.gate.check(request);
    if (answer) {
        exchange_->response = *std::move(answer);
    } else {
        co_await call_handler();
    }
    auto& response = exchange_->response;
    if (is_refusal(response)) shared_.gatekeeper.refused(request, response);
    const bool keep_alive =
        parser_->get().keep_alive() && !unread_input_ && !response.close && !shared_.stopping;
    shared_.metrics.answered(request.operation ? static_cast<int>(request.operation->index) : -1,
                             response.status, Clock::now() - started);
    const bool sent = co_await send(response, keep_alive);
    if (!request.body_file.empty()) {
        std::error_code ignored;
        std::filesystem::remove(request.body_file, ignored);
    }
    co_return sent&& keep_alive;
}

Awaitable<bool> Connection::fill() {
    error_code error;
    const auto count = co_await stream_.async_read_some(buffer_.prepare(read_size), into(error));
    if (error) co_return false;
    buffer_.commit(count);
    if (phase_ == Phase::idle) enter(Phase::reading, shared_.limits.request);
    co_return true;
}

Connection::Read Connection::parse() {
    error_code error;
    const auto used = parser_->put(buffer_.data(), error);
    buffer_.consume(used);
    if (!error || error == bhttp::error::need_more) return Read::done;
    if (error == bhttp::error::body_limit || error == bhttp::error::header_limit) return Read::too_large;
    return Read::malformed;
}

Awaitable<Connection::Read> Connection::read_header() {
    parser_->eager(false);
    if (buffer_.size() > 0) enter(Phase::reading, shared_.limits.request);
    while (true) {
        if (buffer_.size() > 0) {
            if (const auto read = parse(); read != Read::done) co_return read;
            if (parser_->is_header_done()) co_return Read::done;
        }
        const bool filled = co_await fill();
        if (!filled) co_return timed_out_&& phase_ == Phase::reading ? Read::timed_out : Read::closed;
    }
}

/// A small body of a refused request is read all the same, so that the connection can go on.
bool Connection::is_worth_skipping() {
    const auto length = parser_->content_length();
    if (!length || *length > skipped_body || !parser_->get()[bhttp::field::expect].empty()) return false;
    parser_->body_limit(skipped_body);
    return true;
}

Awaitable<Connection::Read> Connection::read_body(bool refused) {
    if (refused) {
        if (!is_worth_skipping()) co_return Read::too_large;
    } else if (buffer_.size() == 0 && beast::iequals(parser_->get()[bhttp::field::expect], "100-continue")) {
        const bool sent = co_await write(go_on, {});
        if (!sent) co_return Read::closed;
    }
    const bool to_file = parser_->get().body().file != nullptr;
    parser_->eager(true);
    while (!parser_->is_done()) {
        if (buffer_.size() > 0) {
            if (const auto read = parse(); read != Read::done) co_return read;
            if (parser_->is_done()) break;
        }
        const bool filled = co_await fill();
        if (!filled) co_return timed_out_ ? Read::timed_out : Read::closed;
        if (to_file) enter(Phase::reading, shared_.limits.transfer);
    }
    co_return Read::done;
}

/// Sets the limit, and opens the file of a call that takes one.
std::optional<Response> Connection::prepare_body(const Operation& operation) {
    const auto limit = operation.body_to_file ? shared_.limits.file_bytes : shared_.limits.body_bytes;
    if (parser_->content_length().value_or(0) > limit) return failed(Read::too_large);
    parser_->body_limit(limit);
    if (!operation.body_to_file) return std::nullopt;
    auto& request = exchange_->request;
    request.body_file = shared_.options.spool / fmt::format("upload-{}", ++shared_.next_id);
    auto& sink = parser_->get().body();
    sink.file.reset(std::fopen(request.body_file.c_str(), "wxe"));
    if (sink.file) return std::nullopt;
    request.body_file.clear();
    return problem({"log_unwritable", "The upload cannot be stored."}, request.request_id);
}

void Connection::describe(Request& request) {
    const auto& header = parser_->get();
    request.method = method_of(header.method());
    request.target = {header.target().data(), header.target().size()};
    request.path = request.target.substr(0, request.target.find('?'));
    request.fields = static_cast<const bhttp::fields*>(&header.base());
    request.find_header = find_field;
    request.remote = remote_;
    request.is_local = is_local_;
    request.is_secure = stream_.is_tls();
    if (from_proxy_) believe_proxy(request);
    if (const auto own = request.header("X-Request-Id"); is_request_id(own)) {
        request.request_id = own;
    } else {
        request.request_id = fmt::format(FMT_COMPILE("{}{:x}"), shared_.id_prefix, ++shared_.next_id);
    }
}

/// The last address that is no proxy of ours: what comes before it in the list may be anybody's invention.
void Connection::believe_proxy(Request& request) const {
    if (request.header("X-Forwarded-Proto") == "https") request.is_secure = true;
    auto list = request.header("X-Forwarded-For");
    while (!list.empty()) {
        const auto comma = list.rfind(',');
        auto address = comma == std::string_view::npos ? list : list.substr(comma + 1);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
        while (address.starts_with(' ')) address.remove_prefix(1);
        while (address.ends_with(' ')) address.remove_suffix(1);
        if (!is_address(address)) return;
        request.remote = address;
        if (!access::is_within(shared_.options.trusted_proxies, address)) return;
    }
}

Response Connection::failed(Read why) const {
    const auto& id = exchange_->request.request_id;
    switch (why) {
        case Read::timed_out:
            return problem({"request_timeout", {}}, id);
        case Read::too_large:
            if (parser_->is_header_done()) return problem({"too_large", {}}, id);
            return problem({"header_too_large", {}}, id);
        default:
            return problem({"malformed_request", "This is not HTTP/1.1."}, id);
    }
}

Awaitable<void> Connection::call_handler() {
    auto exchange = exchange_;  // lives as long as the answer may come
    try {
        shared_.handlers[exchange->request.operation->index](exchange->request, Responder(exchange));
    } catch (const std::exception&) {
        // Broken machinery, such as a vault that cannot be read: the dropped Responder has answered 500.
    }
    if (exchange->answered) co_return;
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(
        [&exchange](auto resume) { exchange->resume = std::move(resume); }, use_awaitable);
}

/// Why a stream cannot be opened, if so.
std::optional<Response> Connection::check_upgrade(Request& request) {
    if (auto refusal = shared_.gate.check(request)) return refusal;
    if (!beast::websocket::is_upgrade(parser_->get())) {
        auto response = problem({"upgrade_required", {}}, request.request_id);
        response.headers.emplace_back("Upgrade", "websocket");
        return response;
    }
    const auto epoch = request.query_number("epoch");
    if (epoch && *epoch != shared_.hub.epoch().value) {
        return problem({"stale_epoch", fmt::format("The log is in epoch {}.", shared_.hub.epoch().value)},
                       request.request_id);
    }
    const auto after = request.query_number("after");
    if (!after || *after <= shared_.hub.head().value) return std::nullopt;
    return problem({"unknown_sequence", fmt::format("The log ends at {}.", shared_.hub.head().value)},
                   request.request_id);
}

Awaitable<void> Connection::upgrade() {
    auto exchange = exchange_;
    auto& request = exchange->request;
    phase_ = Phase::answering;
    const auto started = Clock::now();
    const auto refusal = check_upgrade(request);
    shared_.metrics.answered(static_cast<int>(request.operation->index), refusal ? refusal->status : 101,
                             Clock::now() - started);
    if (refusal) {
        co_await send(*refusal, false);
    } else if (!shared_.stopping) {
        co_await serve_websocket(shared_, std::move(stream_), request, parser_->get().base());
    }
}

void Connection::write_protection() {
    head_ += "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n";
    if (shared_.hsts && stream_.is_tls()) head_ += hsts;
}

void Connection::write_head(const Response& response, std::size_t length, bool keep_alive) {
    head_.clear();
    auto out = std::back_inserter(head_);
    fmt::format_to(out, FMT_COMPILE("HTTP/1.1 {} {}\r\n"), response.status, reason(response.status));
    head_ += shared_.date_line;
    if (response.status != 204) {
        fmt::format_to(out, FMT_COMPILE("Content-Type: {}\r\nContent-Length: {}\r\n"), response.content_type,
                       length);
    }
    write_protection();
    if (!response.shared_body) head_ += "Cache-Control: no-store\r\n";
    if (!keep_alive) {
        head_ += "Connection: close\r\n";
    } else if (parser_->get().version() == 10) {
        head_ += "Connection: keep-alive\r\n";
    }
    if (response.seq) fmt::format_to(out, FMT_COMPILE("X-Pic-Seq: {}\r\n"), response.seq->value);
    if (response.version) fmt::format_to(out, FMT_COMPILE("ETag: \"{}\"\r\n"), response.version->value);
    const auto& id = exchange_->request.request_id;
    if (!id.empty()) fmt::format_to(out, FMT_COMPILE("X-Request-Id: {}\r\n"), id);
    for (const auto& [name, value] : response.headers) {
        // A line break in a value would let it write headers of its own.
        if (value.find_first_of("\r\n") != std::string::npos) continue;
        fmt::format_to(out, FMT_COMPILE("{}: {}\r\n"), name, value);
    }
    head_ += "\r\n";
}

Awaitable<bool> Connection::send(const Response& response, bool keep_alive) {
    enter(Phase::writing, shared_.limits.write);
    if (!response.file.empty()) {
        const bool sent = co_await send_file(response);
        co_return sent;
    }
    std::string_view body = response.shared_body ? *response.shared_body : response.body;
    write_head(response, body.size(), keep_alive);
    if (exchange_->request.method == Method::head || response.status == 204) body = {};
    if (body.size() <= small_body) {
        head_ += body;
        body = {};
    }
    const bool sent = co_await write(head_, body);
    co_return sent;
}

Awaitable<bool> Connection::send_file(const Response& response) {
    const std::unique_ptr<std::FILE, Sink::Close> file(std::fopen(response.file.c_str(), "rbe"));
    std::error_code error;
    const auto size = std::filesystem::file_size(response.file, error);
    std::filesystem::remove(response.file, error);
    if (!file) co_return false;
    write_head(response, size, true);
    bool sent = co_await write(head_, {});
    if (!sent) co_return false;
    if (exchange_->request.method == Method::head) co_return true;
    std::string piece(file_piece, '\0');
    for (std::uintmax_t left = size; left > 0;) {
        const auto count = std::fread(piece.data(), 1, piece.size(), file.get());
        if (count == 0) co_return false;
        enter(Phase::writing, shared_.limits.transfer);
        sent = co_await write(std::string_view(piece).substr(0, count), {});
        if (!sent) co_return false;
        left -= std::min<std::uintmax_t>(left, count);
    }
    co_return true;
}

Awaitable<bool> Connection::write(std::string_view head, std::string_view body) {
    // Nearly always the kernel takes it all at once, and no turn of the event loop is needed.
    error_code error;
    const std::array<asio::const_buffer, 2> all = {asio::buffer(head), asio::buffer(body)};
    std::size_t done = 0;
    if (!stream_.is_tls()) done = stream_.write_some(all, error);
    if (error && error != asio::error::would_block) co_return false;
    if (error) done = 0;
    if (done == head.size() + body.size()) co_return true;
    const auto head_done = std::min(done, head.size());
    const std::array<asio::const_buffer, 2> rest = {asio::buffer(head.substr(head_done)),
                                                    asio::buffer(body.substr(done - head_done))};
    error = {};
    co_await asio::async_write(stream_, rest, into(error));
    co_return !error;
}

/// Reads on for a while: closing with unread input makes TCP send a reset, which may destroy the answer on
/// its way.
Awaitable<void> Connection::linger() {
    error_code error;
    stream_.shutdown(Socket::shutdown_send, error);
    timed_out_ = true;  // the next deadline closes
    enter(Phase::reading, shared_.limits.drain);
    std::size_t drained = buffer_.size();
    buffer_.clear();
    while (drained < shared_.limits.drain_bytes) {
        const auto count = co_await stream_.async_read_some(buffer_.prepare(read_size), into(error));
        if (error) break;
        drained += count;
    }
}

}  // namespace pic::http
