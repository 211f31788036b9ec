#include "tools/picctl/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "schema/units.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

constexpr char base_path[] = "/api/v1";
constexpr int usual_timeout_seconds = 60;
constexpr int long_timeout_seconds = 3600;  ///< verify, backup and restore of a large log
constexpr int page_size = 1000;

Endpoint endpoint_of(const Options& options) {
    if (options.url.empty()) return {.socket_path = options.data + "/picd.sock"};
    auto endpoint = parse_url(options.url);
    endpoint.ca_file = options.ca_file;
    return endpoint;
}

json parsed(const std::string& body) {
    auto value = json::parse(body, nullptr, false);
    if (value.is_discarded()) throw Failure(ExitCode::unavailable, "the daemon's answer is not JSON");
    return value;
}

/// The Failure of a problem+json, or of an answer that is none.
Failure failure_of(const Response& response) {
    const auto code = exit_code_for(response.status);
    const auto problem = json::parse(response.body, nullptr, false);
    if (!problem.is_object())
        return {code, fmt::format("the daemon answers {} and does not say why", response.status)};
    Rejection rejection{
        problem.value("code", ""), problem.value("detail", problem.value("title", "refused")), {}};
    for (const auto& error : problem.value("errors", json::array()))
        rejection.errors.push_back({error.value("pointer", ""), error.value("detail", "")});
    if (const auto wait = response.headers.find("retry-after"); wait != response.headers.end())
        rejection.detail += fmt::format(" Try again in {} s.", wait->second);
    return {code, std::move(rejection), response.body};
}

void append_query(std::string& target, const std::string& query) {
    if (!query.empty()) target += (target.find('?') == std::string::npos ? '?' : '&') + query;
}

std::optional<json> sequence_header(const Response& response) {
    const auto found = response.headers.find("x-pic-seq");
    if (found == response.headers.end()) return std::nullopt;
    auto number = json::parse(found->second, nullptr, false);
    return number.is_number_unsigned() ? std::optional(number) : std::nullopt;
}

void show_plan(std::ostream& out, const json& plan) {
    out << "Nothing was changed (--dry-run). It would write:\n";
    Table events({"TYPE", "STREAM"});
    for (const auto& event : plan.value("events", json::array()))
        events.add({event.value("type", ""), event.value("stream", "")});
    events.print(out);
    for (const auto& artefact : plan.value("artefacts", json::array()))
        out << fmt::format("\n{}/{}\n{}\n", printable(artefact.value("service", "")),
                           printable(artefact.value("path", "")),
                           printable(artefact.value("diff", ""), true));
}

/// Whether every agent has it; shows what each says.
/// Whether a service is where the change wants it: it runs, or it is not to run, or there is nothing here to
/// run.
bool is_there(std::string_view state) {
    return state == "applied" || state == "not_installed" || state == "disabled";
}

bool show_applied(std::ostream& out, const json& applied) {
    bool all = true;
    for (const auto& agent : applied) {
        const auto state = agent.value("state", "");
        const auto detail = agent.value("detail", "");
        out << fmt::format("{}: {}{}\n", printable(agent.value("service", "")), printable(state),
                           detail.empty() ? "" : " - " + printable(detail));
        all = all && is_there(state);
    }
    return all;
}

}  // namespace

Session::Session(Options options, Terminal& terminal)
    : options_(std::move(options)),
      terminal_(terminal),
      http_(endpoint_of(options_)),
      sign_in_(find_sign_in(options_.url)) {}

Session::~Session() = default;

void Session::authorise(Request& request) {
    if (!sign_in_) return;
    if (!sign_in_->token.empty()) {
        request.headers["Authorization"] = "Bearer " + sign_in_->token;
        return;
    }
    request.headers["Cookie"] = sign_in_->cookie;
    if (request.method != "GET") request.headers["X-CSRF-Token"] = sign_in_->csrf_token;
}

Response Session::checked(const Response& response) {
    if (response.status / 100 == 2) return response;
    throw failure_of(response);
}

Response Session::send(Request request, const BodySink& sink) {
    authorise(request);
    request.target = base_path + request.target;
    const int patience = sink || !request.body_file.empty() ? long_timeout_seconds
                                                            : usual_timeout_seconds + options_.wait_seconds;
    return checked(http_.send(request, patience, sink));
}

Response Session::send_anonymous(Request request) {
    request.target = base_path + request.target;
    return checked(http_.send(request, usual_timeout_seconds));
}

json Session::readiness() {
    try {
        const auto response = http_.send(Request{.target = "/readyz"}, usual_timeout_seconds);
        return response.status == 200 ? parsed(response.body) : json();
    } catch (const Failure&) {
        return {};
    }
}

json Session::get(const std::string& path, const std::string& query) {
    return parsed(get_text(path, "application/json", query));
}

std::string Session::get_text(const std::string& path, const std::string& accept, const std::string& query) {
    Request request{.target = path, .headers = {{"Accept", accept}}};
    append_query(request.target, query);
    if (options_.at) append_query(request.target, fmt::format("at={}", *options_.at));
    return send(std::move(request)).body;
}

json Session::list(const std::string& path, const std::string& query) {
    json items = json::array();
    std::string cursor;
    do {
        auto page_query = fmt::format("limit={}{}{}", page_size, query.empty() ? "" : "&", query);
        if (!cursor.empty()) page_query += "&cursor=" + percent_encoded(cursor);
        auto page = get(path, page_query);
        auto& more = page.at("items");
        if (!more.is_array() || !std::ranges::all_of(more, &json::is_object))
            throw Failure(ExitCode::unavailable, "the daemon's answer is no list");
        for (auto& item : more) items.push_back(std::move(item));
        const auto next = page.find("next_cursor");
        cursor = next != page.end() && next->is_string() ? next->get<std::string>() : "";
    } while (!cursor.empty());
    return items;
}

json Session::change(const std::string& method, const std::string& path, const json& body) {
    Request request{.method = method, .target = path};
    if (!body.is_null()) {
        request.headers["Content-Type"] = "application/json";
        request.body = body.dump();
    }
    return change_raw(std::move(request));
}

json Session::change_raw(Request request) {
    if (options_.dry_run) append_query(request.target, "dry_run=true");
    if (options_.wait_seconds > 0) request.headers["Prefer"] = fmt::format("wait={}", options_.wait_seconds);
    if (options_.confirm_within > 0)
        request.headers["Pic-Confirm-Within"] = std::to_string(options_.confirm_within);
    if (!options_.if_match.empty()) request.headers["If-Match"] = fmt::format("\"{}\"", options_.if_match);
    if (!options_.idempotency_key.empty()) request.headers["Idempotency-Key"] = options_.idempotency_key;

    std::optional<Progress> progress;
    if (options_.wait_seconds > 0) progress.emplace(terminal_, "waiting for the agents");
    const auto response = send(std::move(request));
    if (!response.body.empty()) return parsed(response.body);
    json answer = json::object();
    if (const auto sequence = sequence_header(response)) answer["seq"] = *sequence;
    return answer;
}

bool Session::show_json(const json& answer) {
    if (options_.json) terminal_.out << answer.dump(2) << '\n';
    return options_.json;
}

void Session::show_change(const json& answer, const std::string& sentence) {
    const auto applied = answer.value("applied", json::array());
    bool all_applied = true;
    if (show_json(answer)) {
        all_applied = std::ranges::all_of(applied, [](const json& agent) {
            const auto state = agent.value("state", "");
            return is_there(state);
        });
    } else if (options_.dry_run) {
        show_plan(terminal_.out, answer);
    } else {
        terminal_.out << sentence;
        if (answer.contains("seq")) terminal_.out << " (sequence " << answer.at("seq") << ')';
        terminal_.out << ".\n";
        if (options_.confirm_within > 0 && answer.contains("seq")) {
            terminal_.out << fmt::format("It is taken back in {} s unless you say: picctl confirm {}\n",
                                         options_.confirm_within, answer.at("seq").get<std::uint64_t>());
        }
        all_applied = show_applied(terminal_.out, applied);
    }
    if (!all_applied)
        throw Failure(ExitCode::not_applied, "the change is in the log, but not every service has it yet");
}

std::string Session::id_of(const std::string& path, const std::string& name_or_id, const std::string& what) {
    if (parse_uuid(name_or_id)) return name_or_id;
    for (const auto& item : list(path))
        if (item.value("name", item.value("username", "")) == name_or_id)
            return item.at("id").get<std::string>();
    throw Failure(ExitCode::not_found, fmt::format("no {} named '{}'", what, name_or_id));
}

int Session::follow(std::uint64_t after, std::optional<std::uint64_t> epoch,
                    const std::function<bool(std::string_view)>& message) {
    Request request{.target = fmt::format("{}/stream?after={}", base_path, after)};
    if (epoch) append_query(request.target, fmt::format("epoch={}", *epoch));
    authorise(request);
    // A cookie's websocket must name its origin; a token or the local socket need not.
    if (sign_in_ && sign_in_->token.empty()) request.headers["Origin"] = parse_url(options_.url).origin();
    return http_.follow(request, message);
}

}  // namespace pic::cli
