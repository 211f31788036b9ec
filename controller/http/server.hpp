// The HTTP server: one thread, one io_context, a coroutine a connection. One thread is enough, because a
// request costs a few microseconds here and whatever takes longer (the commit, a replay, a password hash)
// answers from its own thread through a Responder; and one thread needs no locks. It listens on TCP and on a
// unix socket in the data folder.
//
// Timeouts are deadlines looked at by one timer, four times a second, rather than a timer a read: cheaper,
// and exact enough for idle connections.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/http/api.hpp"
#include "controller/http/limits.hpp"
#include "controller/http/metrics.hpp"
#include "controller/http/ports.hpp"
#include "controller/vault/secret.hpp"
#include "schema/scalars.hpp"

namespace pic::http {

struct ServerOptions {
    std::string listen = "127.0.0.1:3000";  ///< address:port; port 0 takes a free one; empty: no TCP
    std::string listen_tls =
        {};  ///< the same for HTTPS; empty: none. Before there is a certificate it hangs up
    std::filesystem::path unix_socket;  ///< empty: none. Made with mode 0600
    std::filesystem::path ui;           ///< folder of the web UI; may be missing
    std::filesystem::path spool;        ///< folder for uploaded files
    std::string files = {};             ///< host:port of the files service, for /dav/; empty: none
    std::shared_ptr<const vault::Secret> files_key = {};  ///< by which it believes who asks
    std::vector<std::string> hosts;          ///< names in Host headers that are ours besides the usual
    std::vector<Cidr> trusted_proxies = {};  ///< whose X-Forwarded-For and X-Forwarded-Proto are believed
    Limits limits;
};

/// Runs on the server's thread and must not block it.
using Handler = std::function<void(const Request&, Responder)>;
using Handlers = std::map<std::string, Handler, std::less<>>;  ///< by operationId

class Server {
  public:
    /// Binds. Throws std::runtime_error with a sentence when an address cannot be had, when an operation of
    /// the document has no handler, or a handler no operation. Everything referred to must outlive the
    /// server.
    Server(ServerOptions options, const Api& api, Handlers handlers, Gatekeeper& gatekeeper,
           EventPages& pages, Metrics& metrics);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;      ///< of TCP, 0 without
    [[nodiscard]] std::uint16_t tls_port() const;  ///< 0 without

    /// Serves on the calling thread until stop().
    void run();

    // From any thread:

    /// Takes no more, finishes what is in flight within limits.shutdown, closes websockets with 1001; then
    /// run() returns.
    void stop();
    /// New connections get this certificate; those that are open keep theirs. PEM, as make_tls_context() has
    /// it.
    [[nodiscard]] Result<void> use_certificate(std::string_view chain, std::string_view key);
    /// The log has reached `head`: live websockets get what is new.
    void notify(Sequence head);
    /// What a service is doing now, a JSON object; websockets get the latest of each service.
    void status(std::string service, std::string json);
    /// A live table of a service has changed; websockets are told which, and ask for what they show of it.
    void live_changed(const std::string& service, const std::string& table);

  private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace pic::http
