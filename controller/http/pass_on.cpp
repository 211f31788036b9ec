#include "controller/http/pass_on.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <array>

#include "controller/http/connection.hpp"
#include "controller/http/router.hpp"

namespace pic::http {
namespace {

namespace ip = asio::ip;
namespace bhttp = beast::http;
using Resolver = ip::basic_resolver<ip::tcp, Executor>;
using Answer = bhttp::response_parser<bhttp::buffer_body>;

constexpr std::size_t piece_size = 64 * 1024;
constexpr std::string_view last_chunk = "0\r\n\r\n";

constexpr std::array<std::string_view, 7> methods = {"GET",   "HEAD", "PUT",     "DELETE",
                                                     "MKCOL", "MOVE", "PROPFIND"};
constexpr std::array<std::string_view, 7> headers_on = {"Content-Type",  "Depth", "Overwrite", "If-Match",
                                                        "If-None-Match", "Range", "If-Range"};
constexpr std::array<std::string_view, 5> headers_back = {"Content-Type", "ETag", "Last-Modified",
                                                          "Accept-Ranges", "Content-Range"};
/// What every answer says of itself: bytes to be kept, nothing to be run or shown.
constexpr std::string_view marks =
    "X-Pic-Files: 1\r\nCache-Control: no-store\r\n"
    "Content-Disposition: attachment\r\nContent-Security-Policy: sandbox; default-src 'none'\r\n";

/// What stands behind /dav, with its slash; nothing where a segment is more than a name.
std::optional<std::string_view> beyond(std::string_view path) {
    if (!path.starts_with(passed_on_path)) return std::nullopt;
    path.remove_prefix(passed_on_path.size() - 1);
    auto rest = path.substr(1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto name = percent_decode(rest.substr(0, end));
        if (!name || name->empty() || *name == "." || *name == ".." || name->find('/') != std::string::npos)
            return std::nullopt;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return path;
}

/// The path of a Destination, which may have an origin before it: whose does not matter, it is not kept.
std::string_view path_of(std::string_view destination) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!destination.starts_with(scheme)) continue;
        const auto slash = destination.find('/', scheme.size());
        return slash == std::string_view::npos ? std::string_view{} : destination.substr(slash);
    }
    return destination;
}

std::string_view field(const bhttp::fields& fields, std::string_view name) {
    const auto found = fields.find(beast::string_view(name.data(), name.size()));
    if (found == fields.end()) return {};
    return {found->value().data(), found->value().size()};
}

/// The files service's 401 asks for a password that the door does without: here it means that the person may
/// not.
int status_of(const bhttp::response_header<>& header) {
    const auto status = static_cast<int>(header.result_int());
    return status == 401 ? 403 : status;
}

}  // namespace

std::optional<Upstream> Upstream::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (host.empty() || port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit))
        return std::nullopt;
    return Upstream{std::string(host), std::string(port)};
}

std::string Upstream::authority() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

Result<std::string> head_to_pass_on(const Request& request, std::string_view method, const Upstream& upstream,
                                    std::optional<std::uint64_t> length) {
    const auto& who = *request.principal;
    if (who.kind != Principal::Kind::session || who.username.empty())
        return reject("forbidden", "Files are a person's own: sign in to reach them.");
    if (std::ranges::find(methods, method) == methods.end()) return reject("method_not_allowed", {});
    const auto path = beyond(request.path);
    if (!path) return reject("malformed_request", "The path is not one of a file.");
    std::string head;
    auto out = std::back_inserter(head);
    fmt::format_to(out, "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", method, *path,
                   upstream.authority());
    if (upstream.key)
        fmt::format_to(out, "X-Pic-Member: {}\r\nX-Pic-Door: {}\r\n", who.username, upstream.key->reveal());
    if (const auto destination = request.header("Destination"); !destination.empty()) {
        const auto to = beyond(path_of(destination));
        if (!to) return reject("malformed_request", "The Destination is not among the files.");
        fmt::format_to(out, "Destination: http://{}{}\r\n", upstream.authority(), *to);
    }
    for (const auto name : headers_on) {
        if (const auto value = request.header(name); !value.empty())
            fmt::format_to(out, "{}: {}\r\n", name, value);
    }
    if (length) fmt::format_to(out, "Content-Length: {}\r\n", *length);
    head += "\r\n";
    return head;
}

Awaitable<bool> Connection::reach_files() {
    enter(Phase::asking, shared_.limits.files_connect);
    const auto& where = *shared_.upstream;
    error_code error;
    Resolver resolver(stream_.get_executor());
    const auto found = co_await resolver.async_resolve(where.host, where.port, into(error));
    if (error) co_return false;
    for (const auto& one : found) {
        files_.emplace(stream_.get_executor());
        error = {};
        co_await files_->async_connect(asio::generic::stream_protocol::endpoint(one.endpoint()), into(error));
        if (error) continue;
        files_->set_option(ip::tcp::no_delay(true), error);
        co_return true;
    }
    co_return false;
}

/// The body as it comes, until it is whole or the service has answered or gone: it reads no more of what it
/// refused, and there is no use in sending it. `left`: what was not passed on. False: the client has gone.
Awaitable<bool> Connection::pass_body_on(std::uint64_t& left) {
    error_code error;
    if (left > 0 && buffer_.size() == 0 &&
        beast::iequals(parser_->get()[bhttp::field::expect], "100-continue")) {
        const bool sent = co_await write(go_on, {});
        if (!sent) co_return false;
    }
    while (left > 0) {
        if (buffer_.size() == 0) {
            enter(Phase::writing, shared_.limits.transfer);
            const auto count = co_await stream_.async_read_some(buffer_.prepare(piece_size), into(error));
            if (error) co_return false;
            buffer_.commit(count);
        }
        if (files_->available(error) > 0 || error) co_return true;
        enter(Phase::asking, shared_.limits.transfer);
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), left));
        co_await asio::async_write(*files_, asio::buffer(buffer_.data().data(), size), into(error));
        if (error) co_return true;
        buffer_.consume(size);
        left -= size;
    }
    co_return true;
}

/// False: it broke off, or the client did, and the connection must end for it to be seen. A body of unknown
/// length goes out in chunks, whose last one is the word that it is whole. Refused before a byte was sent:
/// files_unreachable.
Awaitable<Result<bool>> Connection::pass_answer_back(bool keep_alive) {
    error_code error;
    beast::flat_buffer came;
    Answer answer;
    answer.body_limit(boost::none);
    const bool is_head = exchange_->request.method == Method::head;
    answer.skip(is_head);
    enter(Phase::asking, shared_.limits.files_answer);
    co_await bhttp::async_read_header(*files_, came, answer, into(error));
    if (error) co_return reject("files_unreachable", "The files service broke off.");
    const auto& header = answer.get();
    const int status = exchange_->response.status = status_of(header);
    const bool has_body = !is_head && status != 204 && status != 304;
    const auto length = answer.content_length();
    const bool in_chunks = has_body && !length;
    head_ = fmt::format("HTTP/1.1 {} {}\r\n{}{}X-Request-Id: {}\r\n", status, reason(status),
                        shared_.date_line, marks, exchange_->request.request_id);
    write_protection();
    auto out = std::back_inserter(head_);
    for (const auto name : headers_back) {
        if (const auto value = field(header, name); !value.empty())
            fmt::format_to(out, "{}: {}\r\n", name, value);
    }
    if (length && status != 204) fmt::format_to(out, "Content-Length: {}\r\n", *length);
    if (in_chunks) head_ += "Transfer-Encoding: chunked\r\n";
    if (!keep_alive) head_ += "Connection: close\r\n";
    head_ += "\r\n";
    bool sent = co_await write(head_, {});
    std::string piece(piece_size, '\0');
    while (sent && has_body && !answer.is_done()) {
        auto& body = answer.get().body();
        body.data = piece.data();
        body.size = piece.size();
        body.more = true;
        enter(Phase::asking, shared_.limits.transfer);
        co_await bhttp::async_read_some(*files_, came, answer, into(error));
        if (error && error != bhttp::error::need_buffer) co_return false;
        const auto size = piece.size() - body.size;
        if (size == 0) continue;
        enter(Phase::writing, shared_.limits.transfer);
        if (in_chunks) {
            head_ = fmt::format("{:x}\r\n", size);
            sent = co_await write(head_, {});
        }
        if (sent) sent = co_await write(std::string_view(piece).substr(0, size), in_chunks ? "\r\n" : "");
    }
    if (sent && in_chunks) sent = co_await write(last_chunk, {});
    co_return sent;
}

/// Whether the connection goes on. Refused before a byte of an answer was sent: those of head_to_pass_on(),
/// too_large (also where the length is not said), files_unreachable.
Awaitable<Result<bool>> Connection::pass_on() {
    const auto started = Clock::now();
    const auto& asked = parser_->get();
    const auto method = asked.method_string();
    const auto length = parser_->content_length();
    if (parser_->chunked() || length.value_or(0) > shared_.limits.file_bytes)
        co_return reject("too_large", "Say the length of what you send, up to the limit of a file.");
    const auto head = head_to_pass_on(exchange_->request, {method.data(), method.size()}, *shared_.upstream,
                                      length ? std::optional<std::uint64_t>(*length) : std::nullopt);
    if (!head) co_return std::unexpected(head.error());
    const bool reached = co_await reach_files();
    if (!reached) co_return reject("files_unreachable", {});
    error_code error;
    co_await asio::async_write(*files_, asio::buffer(*head), into(error));
    std::uint64_t left = length.value_or(0);
    const bool is_there = co_await pass_body_on(left);
    if (!is_there) co_return false;
    const bool keep_alive = left == 0 && asked.version() == 11 && asked.keep_alive() && !shared_.stopping;
    const auto passed = co_await pass_answer_back(keep_alive);
    files_.reset();
    unread_input_ = left > 0;
    if (!passed) co_return std::unexpected(passed.error());
    shared_.metrics.answered(-1, exchange_->response.status, Clock::now() - started);
    co_return *passed&& keep_alive;
}

}  // namespace pic::http
