// The one visible list of the services, and the world made of their states. Adding a service is its folder and one line
// here; no static initialiser registers anything behind anybody's back.
#pragma once

#include "projections/accounts/accounts.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/dns/dns.hpp"
#include "projections/findings/findings.hpp"
#include "projections/peers/peers.hpp"
#include "projections/services/services.hpp"
#include "projections/stack/stack.hpp"
#include "projections/wireguard/wireguard.hpp"

namespace pic {

using Services = TypeList<cell::Service, accounts::Service, certificates::Service, services::Service, stack::Service, findings::Service, peers::Service, wireguard::Service, dns::Service>;

}  // namespace pic
