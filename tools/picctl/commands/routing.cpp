// The firewall's rules, ports passed on to devices, and address translation.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"
#include "tools/picctl/session.hpp"

namespace pic::cli {
namespace {

using nlohmann::json;

const Fields rule_options{
    {"source", "any, an address or a network (any)"},
    {"destination", "any, an address or a network (any)"},
    {"protocol", "any, tcp, udp or icmp (any)"},
    {"ports", "of the destination, e.g. 80,443,8000-8010"},
    {"position", "its place among the rules (the last)", Kind::number},
    {"enabled", "whether it counts (yes)", Kind::boolean},
    {"note", "what it is for"},
};

Fields with_action() {
    auto fields = rule_options;
    fields.push_back({"action", "accept, drop or reject"});
    return fields;
}

/// The rules in their order, each with what its counter says.
Verb hits_verb() {
    const auto run = [](Session& session, const Arguments& /*arguments*/) {
        std::map<json, json> hits;
        for (const auto& one : session.list("/routing/hits")) hits[one.at("id")] = one;
        auto rules = session.list("/routing/rules");
        for (auto& rule : rules) {
            const auto mine = hits.find(rule.at("id"));
            for (const auto* count : {"packets", "bytes"})
                rule[count] = mine == hits.end() ? json() : mine->second.at(count);
        }
        std::ranges::sort(rules.get_ref<json::array_t&>(), {},
                          [](const json& rule) { return rule.at("position").get<int>(); });
        if (session.show_json({{"items", rules}, {"next_cursor", nullptr}})) return;
        print_list(session.terminal().out, rules,
                   {{"POSITION", "position"},
                    {"ACTION", "action"},
                    {"SOURCE", "source"},
                    {"DESTINATION", "destination"},
                    {"PACKETS", "packets"},
                    {"BYTES", "bytes"},
                    {"NOTE", "note"}},
                   "No rules: what a peer may do is what its own settings say.");
    };
    return {"routing hits", Role::query, "how many connections each rule has decided on", {}, run};
}

}  // namespace

Verbs routing_verbs() {
    auto verbs = verbs_of(ListForm{
        .group = "routing rule",
        .path = "/routing/rules",
        .noun = "rule",
        .positional = {{"action", "accept, drop or reject"}},
        .optional = rule_options,
        .changeable = with_action(),
        .names = {"position"},
        .columns = {{"POSITION", "position"},
                    {"ACTION", "action"},
                    {"SOURCE", "source"},
                    {"DESTINATION", "destination"},
                    {"PROTOCOL", "protocol"},
                    {"PORTS", "ports"},
                    {"ENABLED", "enabled"},
                    {"ID", "id"},
                    {"NOTE", "note"}},
        .none = "No rules: what a peer may do is what its own settings say.",
        .order = "position",
    });
    verbs.push_back(hits_verb());
    for (auto& verb : verbs_of(ListForm{
             .group = "routing forward",
             .path = "/routing/forwards",
             .noun = "forward",
             .positional = {{"protocol", "tcp or udp"},
                            {"port", "on which it comes in", Kind::number},
                            {"to_address", "the device, in the VPN or behind it"}},
             .optional = {{"to_port", "its port (the same)", Kind::number}},
             .changeable = {},
             .names = {"port"},
             .columns = {{"PROTOCOL", "protocol"},
                         {"PORT", "port"},
                         {"TO", "to_address"},
                         {"TO PORT", "to_port"},
                         {"ID", "id"}},
             .none = "No port is passed on.",
         }))
        verbs.push_back(std::move(verb));
    for (auto& verb : verbs_of(SingleForm{
             .group = "routing nat",
             .path = "/routing/nat",
             .what = "address translation",
             .fields = {{"masquerade", "what peers send out bears the cell's address", Kind::boolean}},
             .replaces = true}))
        verbs.push_back(std::move(verb));
    verbs.push_back(
        verb_of(ViewForm{.verb = "routing table",
                         .path = "/routing/table",
                         .help = "the routes of the system that the tunnel is in",
                         .columns = {{"DESTINATION", "destination"},
                                     {"GATEWAY", "gateway"},
                                     {"DEVICE", "device"},
                                     {"METRIC", "metric"},
                                     {"PROTOCOL", "protocol"},
                                     {"TABLE", "table"}},
                         .none = "There are no routes, or WireGuard's agent has not told of them."}));
    return verbs;
}

}  // namespace pic::cli
