// The one visible list of the services, and the world made of their states. Adding a service is its folder
// and one line here; no static initialiser registers anything behind anybody's back.
#pragma once

#include "projections/accounts/accounts.hpp"
#include "projections/calendar/calendar.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/dhcp/dhcp.hpp"
#include "projections/dns/dns.hpp"
#include "projections/files/files.hpp"
#include "projections/findings/findings.hpp"
#include "projections/mail/mail.hpp"
#include "projections/ntp/ntp.hpp"
#include "projections/peers/peers.hpp"
#include "projections/proxy/proxy.hpp"
#include "projections/routing/routing.hpp"
#include "projections/services/services.hpp"
#include "projections/stack/stack.hpp"
#include "projections/webmail/webmail.hpp"
#include "projections/wireguard/wireguard.hpp"

namespace pic {

// clang-format off: a line a service, so that two that are added do not meet
using Services = TypeList<
    cell::Service,
    accounts::Service,
    certificates::Service,
    services::Service,
    stack::Service,
    findings::Service,
    peers::Service,
    wireguard::Service,
    routing::Service,
    dns::Service,
    dhcp::Service,
    ntp::Service,
    proxy::Service,
    files::Service,
    calendar::Service,
    mail::Service,
    webmail::Service
>;
// clang-format on

}  // namespace pic
