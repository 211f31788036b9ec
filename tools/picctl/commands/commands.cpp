#include "tools/picctl/commands/commands.hpp"

#include <utility>

namespace pic::cli {
namespace {

constexpr std::pair<std::string_view, std::string_view> groups[] = {
    {"cell", "the cell itself: name, domain, networks"},
    {"peer", "the devices of the VPN"},
    {"dns", "names: records, zones, upstreams"},
    {"dns record", "the records of the cell's zone"},
    {"dns zone", "a zone as a file (RFC 1035)"},
    {"wireguard", "the VPN's own settings"},
    {"routing", "what passes between the VPN and everything else"},
    {"routing rule", "the firewall's rules"},
    {"routing forward", "ports that are passed on to devices"},
    {"routing nat", "address translation"},
    {"dhcp", "addresses for the local network"},
    {"dhcp scope", "which addresses are given out"},
    {"dhcp reservation", "devices that always get the same address"},
    {"ntp", "the cell's time"},
    {"proxy", "the cell's web front"},
    {"proxy site", "its sites"},
    {"mail", "mail between the people of the cell"},
    {"mail domain", "domains beside the cell's own"},
    {"mail mailbox", "mailboxes beside those of the accounts"},
    {"mail alias", "other names for mailboxes"},
    {"calendar", "calendars and address books"},
    {"calendar collection", "collections beside those that every person has"},
    {"services", "what runs, and how far it has come"},
    {"artefacts", "what the log renders to"},
    {"findings", "what is wrong, why, and what to do"},
    {"containers", "the stack's containers"},
    {"stack", "the containers' network, addresses and ports"},
    {"log", "the log's integrity"},
    {"user", "the people of the cell"},
    {"group", "groups of people"},
    {"session", "who has signed in"},
    {"totp", "your second factor"},
    {"app-password", "passwords for single devices and programs"},
    {"invitation", "links with which somebody joins, once"},
    {"vault", "certificates, secrets, and the kit that brings the vault back"},
    {"vault ca", "the cell's certificate authority"},
    {"vault certificate", "what the cell's certificate authority issues"},
    {"vault secret", "what you keep in the vault yourself"},
    {"token", "tokens for the API"},
    {"agent", "the agents that may speak on the bus"},
    {"subscriber", "the programs that may follow the log on the bus"},
};

Verbs concatenated() {
    Verbs all;
    for (const auto& family :
         {setup_verbs,    cell_verbs,  peer_verbs,   dns_verbs,       wireguard_verbs, routing_verbs,
          dhcp_verbs,     ntp_verbs,   proxy_verbs,  mail_verbs,      calendar_verbs,  service_verbs,
          artefact_verbs, stack_verbs, log_verbs,    audit_verbs,     backup_verbs,    user_verbs,
          account_verbs,  vault_verbs, access_verbs, completion_verbs})
        for (auto& verb : family()) all.push_back(std::move(verb));
    return all;
}

}  // namespace

const Verbs& all_verbs() {
    static const Verbs verbs = concatenated();
    return verbs;
}

std::string group_help(const std::string& group) {
    for (const auto& [name, help] : groups)
        if (name == group) return std::string(help);
    return {};
}

}  // namespace pic::cli
