// What every verb works with: the daemon's API in the terms of docs (queries, changes, lists), the options
// that are the same for all verbs, and the one way of showing a change. A verb says which resource and which
// fields; how sign-in, paging, problems and --json go is decided here alone.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/picctl/http_client.hpp"
#include "tools/picctl/sign_in.hpp"
#include "tools/picctl/terminal.hpp"

namespace pic::cli {

/// The options that any verb takes.
struct Options {
    std::string data = "./data";  ///< --data, PIC_DATA
    std::string url;              ///< --url, PIC_URL; empty: the socket in the data folder
    std::string ca_file;          ///< --ca-file, PIC_CA_FILE
    bool json = false;
    bool dry_run = false;
    int wait_seconds = 0;              ///< 0: do not wait
    std::uint64_t confirm_within = 0;  ///< seconds; 0: the change stays without being confirmed
    std::string if_match;
    std::string idempotency_key;
    std::optional<std::uint64_t> at;
};

class Session {
  public:
    Session(Options options, Terminal& terminal);
    ~Session();

    Terminal& terminal() { return terminal_; }
    [[nodiscard]] const Options& options() const { return options_; }
    /// The URL that sign-ins are stored under; empty on the local socket.
    [[nodiscard]] const std::string& url() const { return options_.url; }

    /// One request under /api/v1 ("/peers"), signed in. An answer of 4xx or 5xx is thrown as Failure.
    Response send(Request request, const BodySink& sink = {});
    /// The same, without a sign-in: for /setup and /session.
    Response send_anonymous(Request request);

    /// What /readyz says, at the root and without a sign-in; null where nobody is there or it is not ready.
    nlohmann::json readiness();

    /// GET, with ?at= where it was asked for. `query` is what follows the '?', already encoded.
    nlohmann::json get(const std::string& path, const std::string& query = {});
    /// GET as text or bytes of the given type.
    std::string get_text(const std::string& path, const std::string& accept, const std::string& query = {});
    /// Every page of a list.
    nlohmann::json list(const std::string& path, const std::string& query = {});

    /// A command: --dry-run, --wait, --if-match and --idempotency-key go with it. The answer's JSON; of a 204
    /// {"seq": n}.
    nlohmann::json change(const std::string& method, const std::string& path, const nlohmann::json& body);
    /// As change(), with a body that is not JSON; `body_file` instead of `body` where it is large.
    nlohmann::json change_raw(Request request);

    /// Shows what came of a command: the JSON for scripts; else `sentence`, the sequence, what --wait saw, or
    /// the plan of a dry run. Throws Failure (not_applied) where --wait saw that it did not come to be.
    void show_change(const nlohmann::json& answer, const std::string& sentence);
    /// With --json prints `answer` and tells true: there is nothing left to show.
    bool show_json(const nlohmann::json& answer);

    /// The id of a resource that is named by its id or its name ("name", of a person "username", in the list
    /// at `path`). Throws Failure (not_found).
    std::string id_of(const std::string& path, const std::string& name_or_id, const std::string& what);

    /// Follows /stream from after `after`, a sequence of `epoch` where that is known; see HttpClient::follow.
    int follow(std::uint64_t after, std::optional<std::uint64_t> epoch,
               const std::function<bool(std::string_view)>& message);

  private:
    void authorise(Request& request);
    Response checked(const Response& response);

    Options options_;
    Terminal& terminal_;
    HttpClient http_;
    std::optional<SignIn> sign_in_;
};

}  // namespace pic::cli
