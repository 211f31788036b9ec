// The stack around the services: what is wrong, the containers, their network and ports.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Parameter container_parameter{.name = "container", .help = "its name, e.g. cell-dns", .required = true};

// --- findings

void findings(Session& session, const Arguments& arguments) {
    auto items = session.get("/findings").at("items");
    if (!arguments.has("--all")) {
        std::erase_if(items.get_ref<json::array_t&>(),
                      [](const json& one) { return one.value("ignored", false); });
    }
    if (session.show_json({{"items", items}})) return;
    auto& out = session.terminal().out;
    if (items.empty()) out << "Nothing is wrong.\n";
    for (const auto& item : items) {
        const auto text = [&](const char* name) { return printable(item.at(name).get<std::string>()); };
        out << fmt::format("{}: {} [{}]{}\n  {}\n  {}\n", text("severity"), text("what"), text("id"),
                           item.value("ignored", false) ? " (ignored)" : "", text("why"), text("fix"));
    }
}

auto ignore(bool ignored) {
    return [ignored](Session& session, const Arguments& arguments) {
        const auto id = arguments.text("finding");
        session.show_change(
            session.change("PATCH", "/findings/" + percent_encoded(id), {{"ignored", ignored}}),
            fmt::format("{} {}", ignored ? "Ignoring" : "No longer ignoring", id));
    };
}

// --- containers

std::string path_of(const Arguments& arguments) {
    return "/containers/" + percent_encoded(arguments.text("container"));
}

void containers(Session& session, const Arguments& /*arguments*/) {
    const auto items = session.get("/containers").at("items");
    if (session.show_json({{"items", items}})) return;
    print_list(session.terminal().out, items,
               {{"CONTAINER", "name"},
                {"STATE", "state"},
                {"HEALTH", "health"},
                {"ADDRESS", "address"},
                {"STATUS", "status"}},
               "No containers.");
}

auto act(const std::string& verb, const std::string& done) {
    return [verb, done](Session& session, const Arguments& arguments) {
        const auto answer =
            json::parse(session.send({.method = "POST", .target = path_of(arguments) + "/" + verb}).body);
        if (!session.show_json(answer))
            session.terminal().out << fmt::format("{} {}.\n", done, arguments.text("container"));
    };
}

void container_logs(Session& session, const Arguments& arguments) {
    const auto answer = session.get(path_of(arguments) + "/logs", "tail=" + arguments.text("--tail", "100"));
    if (session.show_json(answer)) return;
    for (const auto& item : answer.at("items")) {
        session.terminal().out << fmt::format("{} {}\n", item.at("at").get<std::string>(),
                                              printable(item.at("line").get<std::string>()));
    }
}

void container_stats(Session& session, const Arguments& arguments) {
    const auto answer = session.get(path_of(arguments) + "/stats");
    if (!session.show_json(answer)) print_object(session.terminal().out, answer);
}

// --- the stack's own settings

/// The NAME=value lines of a .env, as the API takes them; secrets stay where they are.
json variables_of(const std::string& text) {
    auto variables = json::array();
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.ends_with('\r')) line.pop_back();
        if (line.find_first_not_of(" \t") == std::string::npos || line.starts_with('#')) continue;
        const auto equals = line.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Failure(ExitCode::usage,
                          fmt::format("line {}: '{}' is no NAME=value", number, printable(line)));
        }
        const auto name = line.substr(0, equals);
        if (name != "WEBDAV_PASS") variables.push_back({{"name", name}, {"value", line.substr(equals + 1)}});
    }
    return variables;
}

void show(Session& session, const Arguments& /*arguments*/) {
    const auto stack = session.get("/stack");
    if (!session.show_json(stack)) print_object(session.terminal().out, stack);
}

void set(Session& session, const Arguments& arguments) {
    json body = json::object();
    const auto& words = arguments.all("change");
    if (words.size() % 2 != 0) throw Failure(ExitCode::usage, "FIELD VALUE, FIELD VALUE, ...");
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const bool is_number = words[i].ends_with("_port") || words[i] == "puid" || words[i] == "pgid";
        auto value = json::parse(words[i + 1], nullptr, false);
        body[words[i]] = is_number && value.is_number_unsigned() ? value : json(words[i + 1]);
    }
    session.show_change(session.change("PATCH", "/stack", body), "Changed; 'make restart' makes it so");
}

void import_environment(Session& session, const Arguments& arguments) {
    const auto variables = variables_of(read_file(arguments.text("file")));
    session.show_change(session.change("POST", "/stack/environment", {{"variables", variables}}),
                        fmt::format("The stack is now as {} says", arguments.text("file")));
}

const Parameter finding_parameter{
    .name = "finding", .help = "its id, as 'picctl findings' shows it", .required = true};

}  // namespace

Verbs stack_verbs() {
    return {
        {"findings",
         Role::query,
         "what is wrong, why, and what to do",
         {{.name = "--all", .help = "the ignored ones too", .kind = Kind::flag}},
         findings},
        {"findings ignore", Role::command, "do not hear of one again", {finding_parameter}, ignore(true)},
        {"findings heed", Role::command, "hear of one again", {finding_parameter}, ignore(false)},
        {"containers", Role::query, "the stack's containers", {}, containers},
        {"containers start", Role::local, "start one", {container_parameter}, act("start", "Started")},
        {"containers stop", Role::local, "stop one", {container_parameter}, act("stop", "Stopped")},
        {"containers restart",
         Role::local,
         "restart one",
         {container_parameter},
         act("restart", "Restarted")},
        {"containers logs",
         Role::query,
         "the last lines that one wrote",
         {container_parameter, {.name = "--tail", .help = "how many (100)", .kind = Kind::number}},
         container_logs},
        {"containers stats", Role::query, "what one uses", {container_parameter}, container_stats},
        {"stack show", Role::query, "the containers' network, addresses and ports", {}, show},
        {"stack set",
         Role::command,
         "change addresses and ports, for the next make restart",
         {{.name = "change",
           .help = "FIELD VALUE, as 'stack show' names them",
           .required = true,
           .repeats = true}},
         set},
        {"stack import",
         Role::command,
         "read a .env into the log",
         {{.name = "file", .help = "the file, - for standard input", .required = true}},
         import_environment},
    };
}

}  // namespace pic::cli
