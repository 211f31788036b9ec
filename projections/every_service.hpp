// What the dispatch tables are made of: every service of projections/registry.hpp. For those files alone.
#pragma once

#include "projections/accounts/accounts.hpp"
#include "projections/calendar/calendar.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/confirmations/confirmations.hpp"
#include "projections/dhcp/dhcp.hpp"
#include "projections/dns/dns.hpp"
#include "projections/files/files.hpp"
#include "projections/findings/findings.hpp"
#include "projections/mail/mail.hpp"
#include "projections/ntp/ntp.hpp"
#include "projections/peers/peers.hpp"
#include "projections/proxy/proxy.hpp"
#include "projections/routing/routing.hpp"
#include "projections/secrets/secrets.hpp"
#include "projections/services/services.hpp"
#include "projections/stack/stack.hpp"
#include "projections/webmail/webmail.hpp"
#include "projections/wireguard/wireguard.hpp"
#include "projections/world.hpp"

namespace pic {

/// f.operator()<T>() for each type of a list, in its order.
template <class F, class... T>
void each_type(TypeList<T...>, F&& f) {
    (f.template operator()<T>(), ...);
}
template <class F>
void each_service(F&& f) {
    each_type(Services{}, std::forward<F>(f));
}

}  // namespace pic
