#include "http/fixture.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "schema/openapi.hpp"

namespace pic::http::test {

PrincipalPtr FakeGatekeeper::make(Principal::Kind kind, std::string actor, std::vector<std::string> scopes) {
    auto principal = std::make_shared<Principal>();
    principal->kind = kind;
    if (kind == Principal::Kind::session) principal->username = actor.substr(actor.find(':') + 1);
    principal->actor = std::move(actor);
    principal->scopes = access::Scopes::parse(scopes).value();
    return principal;
}

void FakeGatekeeper::refused(const Request& request, const Response& response) {
    const std::lock_guard lock(refusals_mutex_);
    refusals_.push_back((request.principal ? request.principal->actor : "-") + " " +
                        std::string(response.refusal));
}

std::vector<std::string> FakeGatekeeper::refusals() {
    const std::lock_guard lock(refusals_mutex_);
    return refusals_;
}

PrincipalPtr FakeGatekeeper::by_bearer(std::string_view bearer, std::string_view) {
    if (bearer == "all") return make(Principal::Kind::token, "token:all", {"*"});
    if (bearer == "reader") return make(Principal::Kind::token, "token:reader", {"peers:read"});
    if (bearer == "peers") return make(Principal::Kind::token, "token:peers", {"peers:write"});
    return nullptr;
}

PrincipalPtr FakeGatekeeper::by_cookie(std::string_view cookie) {
    if (cookie != "cookie" || !session_alive) return nullptr;
    return make(Principal::Kind::session, "user:alice", {"*"});
}

bool FakeGatekeeper::still_valid(const Principal& principal) {
    return principal.kind != Principal::Kind::session || session_alive;
}

void FakeCore::submit(CommandCall call, Commands::Done done) {
    const std::lock_guard lock(mutex);
    calls.push_back(std::move(call));
    if (hold) {
        held.push_back(std::move(done));
        return;
    }
    // From another thread, as the writer does.
    std::thread([done = std::move(done), answer = command_answer]() mutable {
        done(std::move(answer));
    }).detach();
}

void FakeCore::release() {
    const std::lock_guard lock(mutex);
    for (auto& done : held) done(command_answer);
    held.clear();
}

void FakeCore::query(const Request&, Queries::Done done) {
    const std::lock_guard lock(mutex);
    done(query_answer);
}

void FakeCore::read(Sequence after, std::size_t limit, EventPages::Done done) {
    ++pages_read;
    Page page;
    for (auto seq = after.next(); seq.value <= head && page.events.size() < limit; seq = seq.next()) {
        page.events.emplace_back(seq, fmt::format(R"({{"seq":{},"data":"{}"}})", seq.value, event_filler));
    }
    done(std::move(page));
}

namespace {

Handlers doubles(const Api& api) {
    Handlers handlers;
    for (const auto& operation : api.operations()) {
        const bool generic = operation.change_set || !operation.command.empty() || !operation.query.empty();
        if (generic || operation.not_built || operation.websocket || operation.id == "getOpenapi") continue;
        handlers[operation.id] = [](const Request& request, Responder respond) {
            auto response = json_response(200, fmt::format(R"({{"operation":"{}"}})", request.operation->id));
            std::move(respond)(std::move(response));
        };
    }
    handlers["restoreBackup"] = [](const Request& request, Responder respond) {
        std::error_code error;
        const auto size = std::filesystem::file_size(request.body_file, error);
        std::move(respond)(json_response(200, fmt::format(R"({{"size":{}}})", error ? 0 : size)));
    };
    return handlers;
}

}  // namespace

Limits ServerFixture::quick_limits() {
    Limits limits;
    limits.sweep = std::chrono::milliseconds(10);
    limits.drain = std::chrono::milliseconds(500);
    limits.shutdown = std::chrono::milliseconds(1000);
    limits.stream_check = std::chrono::milliseconds(10);
    return limits;
}

ServerFixture::ServerFixture(Limits limits, const std::filesystem::path& ui, const Change& change)
    : api(openapi_json()), metrics(api) {
    auto handlers = doubles(api);
    add_generic_handlers(handlers, api, core, core);
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.unix_socket = folder / "picd.sock";
    options.spool = folder.path();
    options.ui = ui;
    options.hosts = {"configured.example"};
    options.limits = limits;
    if (change) change(options);
    core.command_answer = CommandAnswer{.seq = {9},
                                        .version = StreamVersion{1},
                                        .events = R"([{"seq":9}])",
                                        .resource = R"({"id":"x"})",
                                        .resource_id = "0190b0a0-0000-7000-8000-000000000000",
                                        .resources = {},
                                        .applied = {},
                                        .artefacts = {}};
    core.query_answer = QueryAnswer{.seq = {7}, .version = StreamVersion{3}, .body = R"({"items":[]})"};
    server = std::make_unique<Server>(options, api, std::move(handlers), gatekeeper, core, metrics);
    thread = std::thread([this] { server->run(); });
}

ServerFixture::~ServerFixture() {
    stop();
    core.release();
    server.reset();
}

void ServerFixture::stop() {
    if (!thread.joinable()) return;
    server->stop();
    thread.join();
}

std::string Reply::code() const { return nlohmann::json::parse(body).value("code", ""); }

Wire::Wire(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

Wire::Wire(const std::filesystem::path& socket) : descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

Wire::~Wire() { ::close(descriptor_); }

void Wire::send(std::string_view bytes) { REQUIRE(try_send(bytes)); }

bool Wire::try_send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

bool Wire::fill() {
    pollfd wait{descriptor_, POLLIN, 0};
    REQUIRE(::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
    char bytes[65536];
    const auto count = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
}

Reply Wire::receive(bool head_only) {
    Reply reply;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) REQUIRE(fill());
    reply.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    reply.status = std::stoi(reply.head.substr(9, 3));
    for (std::size_t at = reply.head.find("\r\n") + 2; at < reply.head.size();) {
        const auto line_end = reply.head.find("\r\n", at);
        const auto line = reply.head.substr(at, line_end - at);
        auto name = line.substr(0, line.find(':'));
        for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        reply.headers[name] = line.substr(std::min(line.size(), line.find(": ") + 2));
        at = line_end + 2;
    }
    if (head_only || !reply.headers.contains("content-length")) return reply;
    reply.body = receive_exactly(std::stoul(reply.headers["content-length"]));
    return reply;
}

std::string Wire::receive_exactly(std::size_t count) {
    while (buffer_.size() < count) REQUIRE(fill());
    auto bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

std::string Wire::receive_rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

std::string get(std::string_view path, std::string_view headers) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", path, headers);
}

std::string post(std::string_view path, std::string_view json, std::string_view headers,
                 std::string_view method) {
    return fmt::format(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n{}\r\n{}",
        method, path, json.size(), headers, json);
}

Reply ask(const ServerFixture& fixture, std::string_view request) {
    Wire wire(fixture.server->port());
    wire.send(request);
    return wire.receive(request.starts_with("HEAD"));
}

}  // namespace pic::http::test
