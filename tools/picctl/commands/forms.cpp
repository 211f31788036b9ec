#include "tools/picctl/commands/forms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "schema/units.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/session.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

/// The parameter that says which one, e.g. "rule".
Parameter which(const ListForm& form) {
    std::string help = "its id";
    for (const auto& name : form.names) help += " or " + name;
    return {.name = form.noun, .help = help, .required = true};
}

std::string path_of(const ListForm& form, Session& session, const Arguments& arguments) {
    const auto wanted = arguments.text(form.noun);
    if (parse_uuid(wanted)) return form.path + "/" + wanted;
    for (const auto& item : session.list(form.path)) {
        const auto is_it = [&](const std::string& name) {
            return item.contains(name) && shown(item.at(name)) == wanted;
        };
        if (std::ranges::any_of(form.names, is_it)) return form.path + "/" + item.at("id").get<std::string>();
    }
    throw Failure(ExitCode::not_found, fmt::format("no {} '{}'", form.noun, wanted));
}

Verb add_verb(const ListForm& form) {
    std::vector<Parameter> parameters;
    for (const auto& field : form.positional) {
        parameters.push_back({.name = field.name, .help = field.help, .required = true});
    }
    const auto run = [form](Session& session, const Arguments& arguments) {
        std::vector<std::string> pairs;
        for (const auto& field : form.positional) {
            pairs.push_back(field.name);
            pairs.push_back(arguments.text(field.name));
        }
        auto body = object_from_pairs(form.positional, pairs);
        body.update(object_from_options(form.optional, arguments));
        session.show_change(session.change("POST", form.path, body), fmt::format("Added the {}", form.noun));
    };
    return {form.group + " add", Role::command, "add a " + form.noun, parameters + options_for(form.optional),
            run};
}

Verb list_verb(const ListForm& form) {
    return verb_of({form.group + " list", form.path, "list them", form.columns, form.none, form.order});
}

Verb set_verb(const ListForm& form) {
    const auto run = [form](Session& session, const Arguments& arguments) {
        const auto body = object_from_pairs(form.changeable, arguments.all("change"));
        session.show_change(session.change("PATCH", path_of(form, session, arguments), body),
                            fmt::format("Changed the {}", form.noun));
    };
    return {form.group + " set", Role::command, "change one", {which(form), pairs_of(form.changeable)}, run};
}

Verb remove_verb(const ListForm& form) {
    const auto run = [form](Session& session, const Arguments& arguments) {
        session.show_change(session.change("DELETE", path_of(form, session, arguments), {}),
                            fmt::format("Removed the {}", form.noun));
    };
    return {form.group + " remove", Role::command, "remove one", {which(form)}, run};
}

/// What there is now, of the form's fields alone: the answer holds more than may be sent.
json present(const SingleForm& form, Session& session) {
    const auto now = session.get(form.path);
    json body = json::object();
    for (const auto& field : form.fields) {
        if (now.contains(field.name)) body[field.name] = now.at(field.name);
    }
    return body;
}

}  // namespace

Verb verb_of(const ViewForm& form) {
    const auto run = [form](Session& session, const Arguments& /*arguments*/) {
        auto items = session.list(form.path);
        if (!form.order.empty()) {
            std::ranges::stable_sort(items.get_ref<json::array_t&>(), {},
                                     [&](const json& item) { return item.at(form.order); });
        }
        if (session.show_json({{"items", items}, {"next_cursor", nullptr}})) return;
        print_list(session.terminal().out, items, form.columns, form.none);
    };
    return {form.verb, Role::query, form.help, {}, run};
}

Verbs verbs_of(const SingleForm& form) {
    const auto show = [form](Session& session, const Arguments& /*arguments*/) {
        const auto resource = session.get(form.path);
        if (!session.show_json(resource)) print_object(session.terminal().out, resource);
    };
    const auto set = [form](Session& session, const Arguments& arguments) {
        auto body = object_from_pairs(form.fields, arguments.all("change"));
        if (form.replaces) {
            auto whole = present(form, session);
            whole.update(body);
            body = std::move(whole);
        }
        session.show_change(session.change(form.replaces ? "PUT" : "PATCH", form.path, body),
                            "Changed " + form.what);
    };
    return {
        {form.group + " show", Role::query, "show " + form.what, {}, show},
        {form.group + " set", Role::command, "change " + form.what, {pairs_of(form.fields)}, set},
    };
}

Verbs verbs_of(const ListForm& form) {
    Verbs verbs{add_verb(form), list_verb(form)};
    if (!form.changeable.empty()) verbs.push_back(set_verb(form));
    verbs.push_back(remove_verb(form));
    return verbs;
}

}  // namespace pic::cli
