// DHCP: the scope, and devices that always get the same address.
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"
#include "tools/picctl/session.hpp"

namespace pic::cli {
namespace {

constexpr char scope_path[] = "/dhcp/scope";

const Fields scope_fields{
    {"network", "the local network, e.g. 192.168.1.0/24"},
    {"first", "the first address that is given out"},
    {"last", "the last one"},
    {"lease_seconds", "how long an address is lent (43200)", Kind::number},
    {"router", "the way to everywhere else"},
    {"dns", "resolvers (the cell)", Kind::list},
    {"ntp", "time servers (the cell)", Kind::list},
    {"domain", "of the devices (the cell's)"},
};

void show(Session& session, const Arguments& /*arguments*/) {
    const auto answer = session.get(scope_path);
    if (session.show_json(answer)) return;
    if (answer.at("scope").is_null()) {
        session.terminal().out << "DHCP is off: no scope is set.\n";
    } else {
        print_object(session.terminal().out, answer.at("scope"));
    }
}

/// What is not named keeps its value.
void set(Session& session, const Arguments& arguments) {
    const auto now = session.get(scope_path).at("scope");
    auto body = now.is_null() ? nlohmann::json::object() : now;
    body.update(object_from_pairs(scope_fields, arguments.all("change")));
    session.show_change(session.change("PUT", scope_path, body), "Set the scope");
}

void off(Session& session, const Arguments& /*arguments*/) {
    session.show_change(session.change("DELETE", scope_path, {}), "DHCP is off");
}

void reserve(Session& session, const Arguments& arguments) {
    auto body = nlohmann::json::object();
    if (arguments.has("--hostname")) body["hostname"] = arguments.text("--hostname");
    session.show_change(session.change("POST", "/dhcp/leases/" + arguments.text("mac") + "/reserve", body),
                        "Reserved the address");
}

}  // namespace

Verbs dhcp_verbs() {
    Verbs verbs{
        {"dhcp scope show", Role::query, "show it", {}, show},
        {"dhcp scope set", Role::command, "set or change it, and DHCP on", {pairs_of(scope_fields)}, set},
        {"dhcp scope off", Role::command, "DHCP off; reservations stay", {}, off},
        verb_of(ViewForm{.verb = "dhcp leases",
                         .path = "/dhcp/leases",
                         .help = "who has which address now",
                         .columns = {{"MAC", "mac"},
                                     {"ADDRESS", "address"},
                                     {"NAME", "hostname"},
                                     {"UNTIL", "expires_at"}},
                         .none = "Nobody has an address from here now."}),
        {"dhcp reserve",
         Role::command,
         "let a device keep the address that it has",
         {{.name = "mac", .help = "of the device", .required = true},
          {.name = "--hostname", .help = "what it is called (what it calls itself)"}},
         reserve},
    };
    for (auto& verb : verbs_of(ListForm{
             .group = "dhcp reservation",
             .path = "/dhcp/reservations",
             .noun = "reservation",
             .positional = {{"mac", "of the device, e.g. 02:00:5e:10:00:01"}, {"address", "always this one"}},
             .optional = {{"hostname", "what the device is told it is called"}},
             .changeable = {},
             .names = {"mac", "address", "hostname"},
             .columns = {{"MAC", "mac"}, {"ADDRESS", "address"}, {"NAME", "hostname"}, {"ID", "id"}},
             .none = "No device has an address of its own.",
         }))
        verbs.push_back(std::move(verb));
    return verbs;
}

}  // namespace pic::cli
