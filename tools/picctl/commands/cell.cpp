// The cell itself, and the VPN's settings: two single resources, shown and patched alike.
#include <nlohmann/json.hpp>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"
#include "tools/picctl/session.hpp"

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

void rotate(Session& session, const Arguments& /*arguments*/) {
    session.show_change(session.change("POST", "/wireguard/rotate", {}),
                        "Made a new server key; every device needs its new config");
}

}  // namespace

Verbs cell_verbs() {
    return verbs_of(SingleForm{.group = "cell", .path = "/cell", .what = "the cell", .fields = cell_fields});
}

Verbs wireguard_verbs() {
    auto verbs = verbs_of(SingleForm{.group = "wireguard",
                                     .path = "/wireguard",
                                     .what = "the VPN's settings",
                                     .fields = wireguard_fields});
    verbs.push_back({"wireguard rotate", Role::command, "make a new server key", {}, rotate});
    return verbs;
}

}  // namespace pic::cli
