// The log: what happened, whether it is whole, what changed between two moments, and taking back.
#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

constexpr std::uint64_t usual_count = 100;  ///< of events shown where nothing says how many
constexpr std::uint64_t page_size = 1000;
constexpr int reconnect_attempts = 60;
constexpr std::chrono::seconds reconnect_pause{1};

/// As the API names them.
const std::vector<std::string> filters{"type", "stream", "actor", "source", "request_id"};
const std::vector<std::string> moments{"since", "until"};

std::string option_of(const std::string& filter) {
    return filter == "request_id" ? "--request-id" : "--" + filter;
}

std::uint64_t number_or(const Arguments& arguments, const std::string& option, std::uint64_t fallback) {
    if (!arguments.has(option)) return fallback;
    const auto text = arguments.text(option);
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
        throw Failure(ExitCode::usage, fmt::format("'{}' is no number", text));
    return std::stoull(text);
}

/// One line; what it says in full is for --json, a line each.
void print_event(Session& session, const json& event) {
    auto& out = session.terminal().out;
    if (session.options().json)
        out << event.dump() << '\n';
    else
        out << fmt::format("{:>7}  {}  {:<14}  {:<22}  {}  {}\n", event.at("seq").get<std::uint64_t>(),
                           printable(event.value("at", "")), printable(event.value("actor", "")),
                           printable(event.value("type", "")), printable(event.value("stream", "")),
                           printable(event.value("data", json::object()).dump()));
}

std::uint64_t head_of_log(Session& session) {
    const auto answer = session.send({.target = "/events?limit=1"});
    const auto header = answer.headers.find("x-pic-seq");
    return header == answer.headers.end() ? 0 : std::stoull(header->second);
}

std::string filter_query(const Arguments& arguments) {
    std::string query;
    for (const auto* names : {&filters, &moments})
        for (const auto& name : *names)
            if (const auto option = option_of(name); arguments.has(option))
                query += fmt::format("&{}={}", name, percent_encoded(arguments.text(option)));
    return query;
}

/// Prints up to `count` events after `after`; gives the last sequence seen.
std::uint64_t print_events(Session& session, const Arguments& arguments, std::uint64_t after,
                           std::uint64_t count) {
    const auto query = filter_query(arguments);
    while (count > 0) {
        const auto page_length = std::min(count, page_size);
        const auto page =
            session.get("/events", fmt::format("after={}&limit={}{}", after, page_length, query));
        const auto& items = page.at("items");
        for (const auto& event : items) {
            print_event(session, event);
            after = event.at("seq").get<std::uint64_t>();
        }
        count -= items.size();
        if (items.size() < page_length) break;
    }
    return after;
}

bool wanted(const Arguments& arguments, const json& event) {
    return std::ranges::all_of(filters, [&](const std::string& name) {
        const auto option = option_of(name);
        return !arguments.has(option) || event.value(name, "") == arguments.text(option);
    });
}

/// Follows until interrupted. A connection that ends is made again from where it ended, nothing missed or
/// twice.
void follow(Session& session, const Arguments& arguments, std::uint64_t after) {
    int failures = 0;
    std::optional<std::uint64_t> epoch;  // once it was told, no other one's events are mistaken for the next
    const auto take = [&](std::string_view text) {
        failures = 0;
        const auto message = json::parse(text);
        if (message.contains("epoch")) epoch = message.at("epoch").get<std::uint64_t>();
        if (message.value("kind", "") != "event") return true;
        const auto& event = message.at("event");
        after = event.at("seq").get<std::uint64_t>();
        if (wanted(arguments, event)) {
            print_event(session, event);
            session.terminal().out.flush();
        }
        return static_cast<bool>(session.terminal().out);
    };
    while (session.terminal().out) {
        try {
            session.follow(after, epoch, take);
        } catch (const Failure& failure) {
            if (failure.code() != ExitCode::unreachable || after == 0 || failures >= reconnect_attempts)
                throw;
        }
        ++failures;
        std::this_thread::sleep_for(reconnect_pause);
    }
}

void events(Session& session, const Arguments& arguments) {
    const bool filtered = !filter_query(arguments).empty();
    std::uint64_t after = number_or(arguments, "--after", 0);
    if (!arguments.has("--after") && !filtered) {
        const auto head = session.options().at.value_or(head_of_log(session));
        const auto count = number_or(arguments, "--limit", usual_count);
        after = head > count ? head - count : 0;
    }
    const auto everything = std::numeric_limits<std::uint64_t>::max();
    after = print_events(session, arguments, after, number_or(arguments, "--limit", everything));
    if (arguments.has("--follow")) follow(session, arguments, after);
}

void verify(Session& session, const Arguments& /*arguments*/) {
    json verdict;
    {
        const Progress progress(session.terminal(), "verifying the log");
        verdict = session.get("/audit/verify");
    }
    const bool good = verdict.at("ok").get<bool>();
    if (!session.show_json(verdict) && good)
        session.terminal().out << fmt::format("The log is whole: {} events, head {}.\n",
                                              verdict.at("events").get<std::uint64_t>(),
                                              printable(verdict.at("head").at("hash").get<std::string>()));
    if (!good)
        throw Failure(ExitCode::bad_log, fmt::format("the log is bad from sequence {} on. {}",
                                                     shown(verdict.at("first_bad_seq")),
                                                     printable(verdict.value("detail", ""))));
}

/// A resource that came, went or changed, and of a changed one the fields that did.
void print_state_change(std::ostream& out, const json& change) {
    const auto& before = change.at("before");
    const auto& after = change.at("after");
    const auto& whole = after.is_null() ? before : after;
    const auto* what = before.is_null() ? "added" : after.is_null() ? "removed" : "changed";
    out << printable(fmt::format("{} {} {}", what, change.value("collection", ""),
                                 whole.value("name", change.value("key", ""))))
        << '\n';
    for (const auto& [field, value] : whole.items()) {
        if (before.is_null() || after.is_null())
            out << printable(fmt::format("  {}: {}", field, shown(value))) << '\n';
        else if (!before.contains(field) || before.at(field) != value)
            out << printable(fmt::format("  {}: {} -> {}", field,
                                         before.contains(field) ? shown(before.at(field)) : "-",
                                         shown(value)))
                << '\n';
    }
}

void diff(Session& session, const Arguments& arguments) {
    const auto query =
        fmt::format("from={}{}", number_or(arguments, "from", 0),
                    arguments.has("to") ? fmt::format("&to={}", number_or(arguments, "to", 0)) : "");
    const auto answer = session.get("/diff", query);
    if (session.show_json(answer)) return;
    auto& out = session.terminal().out;
    for (const auto& change : answer.at("resources")) print_state_change(out, change);
    for (const auto& artefact : answer.at("artefacts"))
        out << fmt::format("\n{}/{}\n{}", printable(artefact.value("service", "")),
                           printable(artefact.value("path", "")),
                           printable(artefact.value("diff", ""), true));
    if (answer.at("resources").empty() && answer.at("artefacts").empty()) out << "No difference.\n";
}

void undo(Session& session, const Arguments& arguments) {
    const auto sequence = number_or(arguments, "sequence", 0);
    session.show_change(session.change("POST", fmt::format("/changes/{}/undo", sequence), json::object()),
                        fmt::format("Took back the change of {}", sequence));
}

void confirm(Session& session, const Arguments& arguments) {
    const auto sequence = number_or(arguments, "sequence", 0);
    session.show_change(session.change("POST", fmt::format("/changes/{}/confirm", sequence), json::object()),
                        fmt::format("Confirmed the change of {}", sequence));
}

void restore(Session& session, const Arguments& arguments) {
    const auto sequence = number_or(arguments, "sequence", 0);
    session.show_change(session.change("POST", "/restore", {{"to_seq", sequence}}),
                        fmt::format("The cell is again as it was at {}", sequence));
}

const Parameter sequence_parameter{
    .name = "sequence", .help = "the sequence", .kind = Kind::number, .required = true};

}  // namespace

Verbs log_verbs() {
    return {
        {"events",
         Role::query,
         "what happened, oldest first (the last 100)",
         {{.name = "--follow", .help = "stay, and print what happens", .kind = Kind::flag},
          {.name = "--after", .help = "only later ones than this sequence", .kind = Kind::number},
          {.name = "--limit", .help = "at most so many", .kind = Kind::number},
          {.name = "--type", .help = "only this type, e.g. PeerAdded"},
          {.name = "--stream", .help = "only this stream"},
          {.name = "--actor", .help = "only what this one did, e.g. user:admin"},
          {.name = "--source", .help = "only from this address, or local"},
          {.name = "--request-id", .help = "only what this request did"},
          {.name = "--since", .help = "not before, RFC 3339"},
          {.name = "--until", .help = "not after, RFC 3339"}},
         events},
        {"log verify", Role::local, "walk the hash chain and its signatures", {}, verify},
        {"diff",
         Role::local,
         "what changed between two sequences",
         {{.name = "from", .help = "the earlier", .kind = Kind::number, .required = true},
          {.name = "to", .help = "the later (now)", .kind = Kind::number}},
         diff},
        {"confirm",
         Role::command,
         "confirm a change made with --confirm-within, so that it stays",
         {sequence_parameter},
         confirm},
        {"undo", Role::command, "take a change back, by appending", {sequence_parameter}, undo},
        {"restore",
         Role::command,
         "return the cell to a sequence, by appending",
         {sequence_parameter},
         restore},
    };
}

}  // namespace pic::cli
