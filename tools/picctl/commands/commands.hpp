// The list of everything picctl can do. A family of verbs is a file; adding one is a file, a line here and a
// line in commands.cpp.
#pragma once

#include "tools/picctl/verb.hpp"

namespace pic::cli {

Verbs setup_verbs();
Verbs cell_verbs();
Verbs peer_verbs();
Verbs dns_verbs();
Verbs wireguard_verbs();
Verbs routing_verbs();
Verbs dhcp_verbs();
Verbs ntp_verbs();
Verbs proxy_verbs();
Verbs mail_verbs();
Verbs calendar_verbs();
Verbs service_verbs();
Verbs artefact_verbs();
Verbs stack_verbs();
Verbs log_verbs();
Verbs audit_verbs();
Verbs backup_verbs();
Verbs access_verbs();
Verbs user_verbs();
Verbs account_verbs();
Verbs vault_verbs();
Verbs completion_verbs();

/// All of them, in the order of the help.
const Verbs& all_verbs();
/// What a group is about, e.g. group_help("peer").
std::string group_help(const std::string& group);

}  // namespace pic::cli
