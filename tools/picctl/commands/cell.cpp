// The cell itself, and the VPN's settings: two single resources, shown and patched alike.
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

const Fields cell_fields{
    {"name", "what people call it"},
    {"domain", "the domain of its names"},
    {"vpn_range", "addresses of the VPN, RFC 1918; the peers move with it"},
    {"vpn_range6", "IPv6 addresses of the VPN (ULA)"},
    {"lan_range", "addresses of the local network"},
    {"endpoint", "where devices reach it from outside, host[:port]"},
    {"timezone", "e.g. Europe/Berlin"},
};

const Fields wireguard_fields{
    {"listen_port", "UDP port", Kind::number},
    {"mtu", "of the tunnel, bytes", Kind::number},
    {"dns", "resolvers that devices are told", Kind::list},
    {"keepalive", "seconds between keepalives of devices", Kind::number},
};

/// show, and set FIELD VALUE ...
Verbs single_resource(const std::string& group, const std::string& path, const std::string& what,
                      const Fields& fields) {
    const auto show = [path](Session& session, const Arguments& /*arguments*/) {
        const auto resource = session.get(path);
        if (!session.show_json(resource)) print_object(session.terminal().out, resource);
    };
    const auto set = [path, what, fields](Session& session, const Arguments& arguments) {
        const auto answer = session.change("PATCH", path, object_from_pairs(fields, arguments.all("change")));
        session.show_change(answer, "Changed " + what);
    };
    return {
        {group + " show", Role::query, "show " + what, {}, show},
        {group + " set", Role::command, "change " + what, {pairs_of(fields)}, set},
    };
}

void rotate(Session& session, const Arguments& /*arguments*/) {
    session.show_change(session.change("POST", "/wireguard/rotate", {}),
                        "Made a new server key; every device needs its new config");
}

}  // namespace

Verbs cell_verbs() { return single_resource("cell", "/cell", "the cell", cell_fields); }

Verbs wireguard_verbs() {
    auto verbs = single_resource("wireguard", "/wireguard", "the VPN's settings", wireguard_fields);
    verbs.push_back({"wireguard rotate", Role::command, "make a new server key", {}, rotate});
    return verbs;
}

}  // namespace pic::cli
