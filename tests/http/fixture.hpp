// A real server on a free port with doubles behind it, and a client that speaks raw bytes: the tests of this
// folder look at what goes over the wire.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "controller/http/api.hpp"
#include "controller/http/handlers/generic.hpp"
#include "controller/http/metrics.hpp"
#include "controller/http/server.hpp"
#include "support/temp_folder.hpp"

namespace pic::http::test {

inline constexpr std::chrono::seconds patience{10};

inline const std::string peers = "/api/v1/peers";  ///< where most requests of these tests go

/// Lets in three tokens, one session, and the operator of the unix socket.
class FakeGatekeeper final : public Gatekeeper {
  public:
    std::atomic<bool> is_claimed = true;
    std::atomic<bool> session_alive = true;

    [[nodiscard]] bool claimed() const override { return is_claimed; }
    PrincipalPtr by_bearer(std::string_view bearer, std::string_view remote) override;
    void refused(const Request& request, const Response& response) override;
    PrincipalPtr by_cookie(std::string_view cookie) override;
    PrincipalPtr by_socket(int) override { return make(Principal::Kind::local, "local:root", {"*"}); }
    bool still_valid(const Principal& principal) override;
    [[nodiscard]] const std::string& cookie_name() const override { return name_; }
    [[nodiscard]] bool csrf_matches(std::string_view, std::string_view token) const override {
        return token == "csrf";
    }
    [[nodiscard]] bool is_cell_name(std::string_view host) const override { return host == "cell.example"; }

    /// "<actor> <code>" of each, in order.
    std::vector<std::string> refusals();

  private:
    std::mutex refusals_mutex_;
    std::vector<std::string> refusals_;
    static PrincipalPtr make(Principal::Kind kind, std::string actor, std::vector<std::string> scopes);
    std::string name_ = "pic_sess_01234567";
};

/// Answers commands and queries from a table, and keeps what it was asked.
class FakeCore final : public Commands, public Queries, public EventPages {
  public:
    void submit(CommandCall call, Commands::Done done) override;
    void query(const Request& request, Queries::Done done) override;
    [[nodiscard]] Epoch epoch() const override { return Epoch{1}; }
    void read(Sequence after, std::size_t limit, EventPages::Done done) override;

    std::mutex mutex;
    std::vector<CommandCall> calls;
    Result<CommandAnswer> command_answer;
    Result<QueryAnswer> query_answer;
    std::string event_filler;
    std::atomic<std::uint64_t> head = 0;
    std::atomic<std::uint64_t> pages_read = 0;
    bool hold = false;  ///< keep commands unanswered until release()
    std::vector<Commands::Done> held;
    void release();
};

struct ServerFixture {
    using Change = std::function<void(ServerOptions&)>;
    explicit ServerFixture(Limits limits = quick_limits(), const std::filesystem::path& ui = {},
                           const Change& change = {});
    ~ServerFixture();
    static Limits quick_limits();

    pic::test::TempFolder folder;
    Api api;
    Metrics metrics;
    FakeGatekeeper gatekeeper;
    FakeCore core;
    std::unique_ptr<Server> server;
    std::thread thread;
    void stop();
};

struct Reply {
    int status = 0;
    std::string head;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    [[nodiscard]] std::string code() const;  ///< of problem+json
};

/// A connection. Every read has a deadline.
class Wire {
  public:
    explicit Wire(std::uint16_t port);
    explicit Wire(const std::filesystem::path& socket);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    void send(std::string_view bytes);
    /// False once the server has closed its side before everything was sent.
    bool try_send(std::string_view bytes);
    /// The next answer; `head_only` for the answer to HEAD.
    Reply receive(bool head_only = false);
    /// Waits until the other side has closed; what came before.
    std::string receive_rest();
    std::string receive_exactly(std::size_t count);
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    bool fill();
    int descriptor_ = -1;
    std::string buffer_;
};

/// "GET /path HTTP/1.1" with a Host, a bearer that may do everything, and what `headers` ("Name:
/// value\r\n"...) adds.
std::string get(std::string_view path, std::string_view headers = "Authorization: Bearer all\r\n");
std::string post(std::string_view path, std::string_view json,
                 std::string_view headers = "Authorization: Bearer all\r\n",
                 std::string_view method = "POST");

/// One request on a connection of its own.
Reply ask(const ServerFixture& fixture, std::string_view request);

}  // namespace pic::http::test
