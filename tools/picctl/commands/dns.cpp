// Names: the records of the cell's zone, zones as files, the resolvers behind it, and a look-up as a client
// would see it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "schema/units.hpp"
#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

constexpr char records_path[] = "/dns/records";
const std::vector<std::string> record_types{"A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA", "PTR"};
const Fields ttl_field{{"ttl", "seconds (300)", Kind::number}};
const Fields record_fields{{"name", "relative to the domain, @ or *"},
                           {"type", "its type"},
                           {"value", "its value"},
                           ttl_field.front()};

const Parameter record_parameter{
    .name = "record", .help = "id, name, or name/type where a name has several", .required = true};

/// Records share names, so a name alone may be too little: NAME/TYPE says which.
std::string path_of(Session& session, const Arguments& arguments) {
    const auto wanted = arguments.text("record");
    if (parse_uuid(wanted)) return fmt::format("{}/{}", records_path, wanted);
    std::vector<std::string> ids, choices;
    for (const auto& record : session.list(records_path)) {
        const auto name = record.at("name").get<std::string>();
        const auto full = fmt::format("{}/{}", name, record.at("type").get<std::string>());
        if (wanted != name && wanted != full) continue;
        ids.push_back(record.at("id"));
        choices.push_back(fmt::format("{} {} ({})", full, record.at("value").get<std::string>(), ids.back()));
    }
    if (ids.empty()) throw Failure(ExitCode::not_found, fmt::format("no record '{}'", wanted));
    if (ids.size() > 1)
        throw Failure(ExitCode::usage, fmt::format("'{}' is several records, say which:\n  {}", wanted,
                                                   fmt::join(choices, "\n  ")));
    return fmt::format("{}/{}", records_path, ids.front());
}

void add(Session& session, const Arguments& arguments) {
    auto body = object_from_options(ttl_field, arguments);
    body["name"] = arguments.text("name");
    body["type"] = arguments.text("type");
    body["value"] = fmt::format("{}", fmt::join(arguments.all("value"), " "));
    const auto answer = session.change("POST", records_path, body);
    session.show_change(answer, fmt::format("Added {} {}", arguments.text("name"), arguments.text("type")));
}

void list(Session& session, const Arguments& /*arguments*/) {
    const auto records = session.list(records_path);
    if (session.show_json({{"items", records}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, records,
               {{"NAME", "name"}, {"TYPE", "type"}, {"TTL", "ttl"}, {"VALUE", "value"}, {"ID", "id"}},
               "No records of your own; every peer has its name all the same.");
}

void set(Session& session, const Arguments& arguments) {
    const auto body = object_from_pairs(record_fields, arguments.all("change"));
    session.show_change(session.change("PATCH", path_of(session, arguments), body),
                        fmt::format("Changed {}", arguments.text("record")));
}

void remove(Session& session, const Arguments& arguments) {
    session.show_change(session.change("DELETE", path_of(session, arguments), {}),
                        fmt::format("Removed {}", arguments.text("record")));
}

/// --zone, else the cell's domain.
std::string zone_path(Session& session, const Arguments& arguments, const char* what) {
    const auto zone = arguments.has("--zone") ? arguments.text("--zone")
                                              : session.get("/cell").at("domain").get<std::string>();
    return fmt::format("/dns/zones/{}/{}", percent_encoded(zone), what);
}

void zone_export(Session& session, const Arguments& arguments) {
    session.terminal().out << session.get_text(zone_path(session, arguments, "export"), "text/dns");
}

void zone_import(Session& session, const Arguments& arguments) {
    Request request{.method = "POST",
                    .target = zone_path(session, arguments, "import"),
                    .headers = {{"Content-Type", "text/dns"}},
                    .body = read_file(arguments.text("file"))};
    const auto answer = session.change_raw(std::move(request));
    session.show_change(answer, fmt::format("Imported {}", arguments.text("file")));
}

void show_upstreams(Session& session) {
    const auto upstreams = session.get("/dns/upstreams");
    if (session.show_json(upstreams)) return;
    Table table({"DOMAIN", "SERVERS"});
    table.add({"(all others)", shown(upstreams.at("servers"))});
    for (const auto& forward : upstreams.at("forwards"))
        table.add({forward.at("domain").get<std::string>(), shown(forward.at("servers"))});
    table.print(session.terminal().out);
}

/// Servers given replace those there are; the forwards stay, but for the one domain of --forward.
void upstreams(Session& session, const Arguments& arguments) {
    const auto servers = arguments.all("server");
    if (servers.empty() && !arguments.has("--forward") && !arguments.has("--none"))
        return show_upstreams(session);

    auto body = session.get("/dns/upstreams");
    body.erase("version");  // the server's own
    if (arguments.has("--forward")) {
        const auto domain = arguments.text("--forward");
        auto& forwards = body["forwards"];
        forwards.erase(std::remove_if(forwards.begin(), forwards.end(),
                                      [&](const json& forward) { return forward.at("domain") == domain; }),
                       forwards.end());
        if (!servers.empty()) forwards.push_back({{"domain", domain}, {"servers", servers}});
    } else {
        body["servers"] = servers;
    }
    session.show_change(session.change("PUT", "/dns/upstreams", body), "Changed the upstreams");
}

void query(Session& session, const Arguments& arguments) {
    const json question{{"name", arguments.text("name")}, {"type", arguments.text("type", "A")}};
    const auto answer = json::parse(session
                                        .send({.method = "POST",
                                               .target = "/dns/query",
                                               .headers = {{"Content-Type", "application/json"}},
                                               .body = question.dump()})
                                        .body);
    if (session.show_json(answer)) return;
    auto& out = session.terminal().out;
    print_list(out, answer.at("answers"),
               {{"NAME", "name"}, {"TTL", "ttl"}, {"TYPE", "type"}, {"VALUE", "value"}},
               fmt::format("No answer: {}", answer.at("rcode").get<std::string>()));
    out << fmt::format("{} in {} ms\n", printable(answer.at("rcode").get<std::string>()),
                       answer.at("milliseconds").get<int>());
}

const Parameter zone_option{.name = "--zone", .help = "which (the cell's domain)"};

}  // namespace

Verbs dns_verbs() {
    auto query_types = record_types;
    query_types.insert(query_types.end(), {"NS", "SOA"});
    Verbs verbs{
        {"dns record add", Role::command, "add a record",
         std::vector<Parameter>{
             {.name = "name", .help = "relative to the domain, @ or *", .required = true},
             {.name = "type", .help = "its type", .required = true, .choices = record_types},
             {.name = "value",
              .help = "its value; several words are one value",
              .required = true,
              .repeats = true}} +
             options_for(ttl_field),
         add},
        {"dns record list", Role::query, "list them", {}, list},
        {"dns record set", Role::command, "change one", {record_parameter, pairs_of(record_fields)}, set},
        {"dns record remove", Role::command, "remove one", {record_parameter}, remove},
        {"dns zone export", Role::query, "print a zone", {zone_option}, zone_export},
        {"dns zone import",
         Role::command,
         "add a file's records, all or none",
         {{.name = "file", .help = "the file, - for standard input", .required = true}, zone_option},
         zone_import},
        {"dns upstreams",
         Role::command,
         "show the resolvers behind the cell, or replace them",
         {{.name = "server", .help = "address[:port] ..., none: show", .repeats = true},
          {.name = "--forward", .help = "for this domain alone; without servers it is forwarded no more"},
          {.name = "--none", .help = "have no upstreams", .kind = Kind::flag}},
         upstreams},
        {"dns query",
         Role::local,
         "look a name up through the cell's own resolver",
         {{.name = "name", .help = "the name", .required = true},
          {.name = "type", .help = "the type (A)", .choices = query_types}},
         query},
    };
    const Fields content{
        {"url", "where it is fetched from, once a day", Kind::text, "from"},
        {"names", "names that it has, with what is below them", Kind::list},
        {"allow", "names to let through all the same", Kind::list},
        {"enabled", "whether it counts (yes)", Kind::boolean},
    };
    auto changeable = content;
    changeable.insert(changeable.begin(), {"name", "what it is called"});
    for (auto& verb : verbs_of(ListForm{
             .group = "dns blocklist",
             .path = "/dns/blocklists",
             .noun = "blocklist",
             .positional = {{"name", "what it is called"}},
             .optional = content,
             .changeable = changeable,
             .names = {"name"},
             .columns = {{"NAME", "name"}, {"URL", "url"}, {"ENABLED", "enabled"}, {"ID", "id"}},
             .none = "No name is blocked.",
         }))
        verbs.push_back(std::move(verb));
    return verbs;
}

}  // namespace pic::cli
