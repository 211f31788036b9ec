// Who else may speak with the cell: API tokens, the agents and the subscribers of the bus. Three lists alike.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

/// A list of principals, each with a name and a secret that is shown once, when it is made.
struct Principals {
    std::string what;    ///< "token"
    std::string path;    ///< "/tokens"
    std::string secret;  ///< the field of the answer that is shown once
    Fields fields;
    std::vector<Column> columns;
    bool is_named = true;
};

const Principals tokens{.what = "token",
                        .path = "/tokens",
                        .secret = "token",
                        .fields = {{"scopes", "area:read, area:write, *:read, *:write", Kind::list},
                                   {"expires_at", "until when, RFC 3339"},
                                   {"sources", "networks it may be used from (anywhere)", Kind::list}},
                        .columns = {{"NAME", "name"},
                                    {"SCOPES", "scopes"},
                                    {"EXPIRES", "expires_at"},
                                    {"FROM", "sources"},
                                    {"LAST USED", "last_used_at"},
                                    {"BY", "last_used_from"},
                                    {"ID", "id"}}};
const Principals agents{
    .what = "agent",
    .path = "/agents",
    .secret = "enrolment_token",
    .fields = {{"services", "the services it runs", Kind::list},
               {"public_key", "its bus key; left out, a one-time token is made"}},
    .columns = {{"NAME", "name"}, {"SERVICES", "services"}, {"ENROLLED", "enrolled_at"}, {"ID", "id"}}};
const Principals invitations{
    .what = "invitation",
    .path = "/invitations",
    .secret = "token",
    .fields = {{"role", "admin, operator, viewer or member"},
               {"display_name", "what people call the guest"},
               {"email", "of the guest"},
               {"services", "of mail, calendar and files, those to be used (all)", Kind::list},
               {"expires_at", "until when, RFC 3339 (in a week)"}},
    .columns = {{"ROLE", "role"}, {"EMAIL", "email"}, {"EXPIRES", "expires_at"}, {"ID", "id"}},
    .is_named = false};
const Principals subscribers{
    .what = "subscriber",
    .path = "/subscribers",
    .secret = "enrolment_token",
    .fields = {{"scopes", "areas whose events it reads: peers:read (all)", Kind::list},
               {"public_key", "its bus key; left out, a one-time token is made"}},
    .columns = {{"NAME", "name"}, {"SCOPES", "scopes"}, {"ENROLLED", "enrolled_at"}, {"ID", "id"}}};

Verbs verbs_of(const Principals& of) {
    const auto add = [of](Session& session, const Arguments& arguments) {
        auto body = object_from_options(of.fields, arguments);
        if (of.is_named) body["name"] = arguments.text("name");
        const auto answer = session.change("POST", of.path, body);
        session.show_change(answer, fmt::format("Added {} {}", of.what, arguments.text("name")));
        if (session.options().json || session.options().dry_run || !answer.contains("resource")) return;
        const auto& resource = answer.at("resource");
        if (resource.contains(of.secret))
            session.terminal().out << fmt::format("Shown this once: {}\n",
                                                  printable(resource.at(of.secret).get<std::string>()));
    };
    const auto list = [of](Session& session, const Arguments& /*arguments*/) {
        const auto all = session.list(of.path);
        if (session.show_json({{"items", all}, {"next_cursor", nullptr}})) return;
        print_list(session.terminal().out, all, of.columns, fmt::format("No {}s.", of.what));
    };
    const auto remove = [of](Session& session, const Arguments& arguments) {
        const auto name = arguments.text("name");
        const auto path = fmt::format("{}/{}", of.path, session.id_of(of.path, name, of.what));
        session.show_change(session.change("DELETE", path, {}), fmt::format("Removed {} {}", of.what, name));
    };
    std::vector<Parameter> add_parameters;
    if (of.is_named) add_parameters.push_back({.name = "name", .help = "its name", .required = true});
    return {
        {of.what + " add", Role::command, "add one", add_parameters + options_for(of.fields), add},
        {of.what + " list", Role::query, "list them", {}, list},
        {of.what + " remove",
         Role::command,
         "remove one, at once",
         {{.name = "name", .help = "name or id", .required = true}},
         remove},
    };
}

}  // namespace

Verbs access_verbs() {
    Verbs all;
    for (const auto& principals : {invitations, tokens, agents, subscribers})
        for (auto& verb : verbs_of(principals)) all.push_back(std::move(verb));
    return all;
}

}  // namespace pic::cli
