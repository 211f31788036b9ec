// People and groups. On the host itself these are also the way back in: whoever is root there can set a
// forgotten password.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Fields user_fields{
    {"role", "admin, operator, viewer or member"},
    {"display_name", "what people call them"},
    {"email", "where to reach them"},
    {"groups", "their groups, by name", Kind::list},
    {"services", "of mail, calendar and files, those to be used (all)", Kind::list},
};
const Fields group_fields{{"description", "what it is for"}};
const Fields group_changes{{"name", "its name"}, {"description", "what it is for"}};

const Parameter user_parameter{.name = "user", .help = "name or id", .required = true};
const Parameter group_parameter{.name = "group", .help = "name or id", .required = true};
const Parameter password_stdin{
    .name = "--password-stdin",
    .help = "read the password from standard input (else PIC_USER_PASSWORD, else it is asked)",
    .kind = Kind::flag};

std::string path_of(Session& session, const Arguments& arguments) {
    return "/users/" + session.id_of("/users", arguments.text("user"), "user");
}

std::string group_path_of(Session& session, const Arguments& arguments) {
    return "/groups/" + session.id_of("/groups", arguments.text("group"), "group");
}

std::string password(Session& session, const Arguments& arguments) {
    return secret_from(session.terminal(), {.what = "Password of the user",
                                            .variable = "PIC_USER_PASSWORD",
                                            .option = password_stdin.name,
                                            .from_stdin = arguments.has(password_stdin.name),
                                            .twice = true});
}

/// Groups are named by people and known by id to the API.
json with_group_ids(Session& session, json body) {
    if (!body.contains("groups") || !body.at("groups").is_array()) return body;
    for (auto& group : body.at("groups")) group = session.id_of("/groups", group.get<std::string>(), "group");
    return body;
}

void add(Session& session, const Arguments& arguments) {
    auto body = with_group_ids(session, object_from_options(user_fields, arguments));
    if (!body.contains("role")) body["role"] = "member";
    body["username"] = arguments.text("name");
    body["password"] = password(session, arguments);
    const auto answer = session.change("POST", "/users", body);
    session.show_change(answer, fmt::format("Added user {}", arguments.text("name")));
}

void list(Session& session, const Arguments& /*arguments*/) {
    const auto users = session.list("/users");
    if (session.show_json({{"items", users}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, users,
               {{"NAME", "username"},
                {"ROLE", "role"},
                {"CALLED", "display_name"},
                {"EMAIL", "email"},
                {"ID", "id"}},
               "No users.");
}

void show(Session& session, const Arguments& arguments) {
    const auto user = session.get(path_of(session, arguments));
    if (!session.show_json(user)) print_object(session.terminal().out, user);
}

void set(Session& session, const Arguments& arguments) {
    const auto body = with_group_ids(session, object_from_pairs(user_fields, arguments.all("change")));
    const auto answer = session.change("PATCH", path_of(session, arguments), body);
    session.show_change(answer, fmt::format("Changed user {}", arguments.text("user")));
}

void set_password(Session& session, const Arguments& arguments) {
    const auto path = path_of(session, arguments) + "/password";
    const auto answer = session.change("PUT", path, {{"password", password(session, arguments)}});
    session.show_change(
        answer, fmt::format("Set the password of {}; their sessions have ended", arguments.text("user")));
}

void remove(Session& session, const Arguments& arguments) {
    const auto answer = session.change("DELETE", path_of(session, arguments), {});
    session.show_change(
        answer, fmt::format("Removed user {}, with devices, tokens and secrets", arguments.text("user")));
}

void add_group(Session& session, const Arguments& arguments) {
    auto body = object_from_options(group_fields, arguments);
    body["name"] = arguments.text("name");
    session.show_change(session.change("POST", "/groups", body),
                        fmt::format("Added group {}", arguments.text("name")));
}

void list_groups(Session& session, const Arguments& /*arguments*/) {
    const auto groups = session.list("/groups");
    if (session.show_json({{"items", groups}, {"next_cursor", nullptr}})) return;
    print_list(session.terminal().out, groups,
               {{"NAME", "name"}, {"DESCRIPTION", "description"}, {"ID", "id"}}, "No groups.");
}

void set_group(Session& session, const Arguments& arguments) {
    const auto body = object_from_pairs(group_changes, arguments.all("change"));
    const auto answer = session.change("PATCH", group_path_of(session, arguments), body);
    session.show_change(answer, fmt::format("Changed group {}", arguments.text("group")));
}

void remove_group(Session& session, const Arguments& arguments) {
    const auto answer = session.change("DELETE", group_path_of(session, arguments), {});
    session.show_change(answer, fmt::format("Removed group {}; its members stay", arguments.text("group")));
}

}  // namespace

Verbs user_verbs() {
    const Parameter name{
        .name = "name", .help = "the name to sign in with; it never changes", .required = true};
    const Parameter group_name{.name = "name", .help = "its name", .required = true};
    return {
        {"user add", Role::command, "make an account for a person",
         std::vector{name} + options_for(user_fields) + std::vector{password_stdin}, add},
        {"user list", Role::query, "list them", {}, list},
        {"user show", Role::query, "show one", {user_parameter}, show},
        {"user set", Role::command, "change one", {user_parameter, pairs_of(user_fields)}, set},
        {"user password",
         Role::command,
         "set a password, a forgotten one too",
         {user_parameter, password_stdin},
         set_password},
        {"user remove",
         Role::command,
         "remove one, with devices, tokens and secrets",
         {user_parameter},
         remove},
        {"group add", Role::command, "make a group", std::vector{group_name} + options_for(group_fields),
         add_group},
        {"group list", Role::query, "list them", {}, list_groups},
        {"group set", Role::command, "change one", {group_parameter, pairs_of(group_changes)}, set_group},
        {"group remove", Role::command, "remove one; its members stay", {group_parameter}, remove_group},
    };
}

}  // namespace pic::cli
