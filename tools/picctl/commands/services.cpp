// What runs, how far it has come, and what it was given.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

const Fields service_fields{
    {"enabled", "runs at all", Kind::boolean},
    {"port", "where it is published, in a stack", Kind::number},
};

const Parameter service_parameter{.name = "service", .help = "its name, e.g. dns", .required = true};

std::string path_of(const Arguments& arguments) {
    return "/services/" + percent_encoded(arguments.text("service"));
}

void list(Session& session, const Arguments& /*arguments*/) {
    const auto services = session.list("/services");
    if (session.show_json({{"items", services}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, services,
               {{"SERVICE", "name"},
                {"ENABLED", "enabled"},
                {"STATE", "state"},
                {"HEALTH", "health"},
                {"DESIRED", "desired_revision"},
                {"APPLIED", "applied_revision"},
                {"DETAIL", "detail"}},
               "No services.");
}

void show(Session& session, const Arguments& arguments) {
    const auto service = session.get(path_of(arguments));
    if (!session.show_json(service)) print_object(session.terminal().out, service);
}

void set(Session& session, const Arguments& arguments) {
    const auto body = object_from_pairs(service_fields, arguments.all("change"));
    session.show_change(session.change("PATCH", path_of(arguments), body),
                        fmt::format("Changed {}", arguments.text("service")));
}

/// POST /services/{service}/<what>.
auto operate(const std::string& what, const std::string& done) {
    return [what, done](Session& session, const Arguments& arguments) {
        const auto service = arguments.text("service");
        const auto answer = session.change("POST", path_of(arguments) + "/" + what, {});
        const auto state = answer.value("state", "");
        if (!session.show_json(answer)) {
            auto& out = session.terminal().out;
            if (state == "done")
                out << fmt::format("{} {}.\n", done, service);
            else
                out << fmt::format("Asked the agent of {} to {} it: {}.\n", service, what, state);
            if (const auto detail = answer.value("detail", ""); !detail.empty())
                out << printable(detail, true) << '\n';
        }
        const bool waited_in_vain = state == "asked" && session.options().wait_seconds > 0;
        if (state == "failed" || state == "lost" || waited_in_vain)
            throw Failure(ExitCode::not_applied,
                          fmt::format("the {} of {} has not succeeded", what, service));
    };
}

void drift(Session& session, const Arguments& arguments) {
    const auto answer = session.get(path_of(arguments) + "/drift");
    if (session.show_json(answer)) return;
    const auto& files = answer.at("items");
    auto& out = session.terminal().out;
    if (files.empty()) out << "Every file is what was written.\n";
    for (const auto& file : files)
        out << printable(file.value("path", "")) << '\n' << printable(file.value("diff", ""), true);
}

void logs(Session& session, const Arguments& arguments) {
    std::string query = "limit=" + arguments.text("--limit", "100");
    if (arguments.has("--since")) query += "&since=" + percent_encoded(arguments.text("--since"));
    const auto answer = session.get(path_of(arguments) + "/logs", query);
    if (session.show_json(answer)) return;
    for (const auto& line : answer.at("items"))
        session.terminal().out << fmt::format("{} {}: {}\n", printable(line.value("at", "")),
                                              printable(line.value("program", "")),
                                              printable(line.value("line", "")));
}

void list_artefacts(Session& session, const Arguments& /*arguments*/) {
    const auto artefacts = session.list("/artefacts");
    if (session.show_json({{"items", artefacts}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, artefacts,
               {{"SERVICE", "service"},
                {"PATH", "path"},
                {"REVISION", "revision"},
                {"SIZE", "size"},
                {"DIGEST", "digest"}},
               "Nothing is rendered yet.");
}

void show_artefact(Session& session, const Arguments& arguments) {
    // Slashes of the path may stay as they are; what else could end a path may not.
    std::string path = arguments.text("path");
    for (std::size_t at = 0; (at = path.find_first_of("%?# ", at)) != std::string::npos; ++at)
        path.replace(at, 1, percent_encoded(path.substr(at, 1)));
    session.terminal().out << session.get_text(
        fmt::format("/artefacts/{}/{}", percent_encoded(arguments.text("service")), path), "text/plain");
}

}  // namespace

Verbs service_verbs() {
    return {
        {"services", Role::query, "what runs, and how far it has come", {}, list},
        {"services show", Role::query, "show one", {service_parameter}, show},
        {"services set", Role::command, "change one", {service_parameter, pairs_of(service_fields)}, set},
        {"services drift",
         Role::local,
         "which of its files somebody edited by hand",
         {service_parameter},
         drift},
        {"services logs",
         Role::local,
         "what its programs said lately",
         {service_parameter,
          {.name = "--limit", .help = "at most so many lines (100)", .kind = Kind::number},
          {.name = "--since", .help = "not before, RFC 3339"}},
         logs},
        {"services restart",
         Role::command,
         "end its programs, start them, and probe",
         {service_parameter},
         operate("restart", "Restarted")},
        {"services reapply",
         Role::command,
         "write, validate and reload what it should have once more",
         {service_parameter},
         operate("reapply", "Wrote and reloaded all of")},
    };
}

Verbs artefact_verbs() {
    return {
        {"artefacts", Role::query, "what the log renders to", {}, list_artefacts},
        {"artefacts show",
         Role::query,
         "show one, secrets as references",
         {service_parameter, {.name = "path", .help = "e.g. Corefile", .required = true}},
         show_artefact},
    };
}

}  // namespace pic::cli
