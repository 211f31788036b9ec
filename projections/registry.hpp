// The one visible list of the services. It only names them, so that a file that knows the world need not know
// every service in it: who reads dns's state includes projections/dns/dns.hpp, and is built anew when that
// changes. Adding a service is its folder, two lines here and one in projections/every_service.hpp; no static
// initialiser registers anything behind anybody's back.
#pragma once

#include <string_view>

namespace pic {

template <class... T>
struct TypeList {};

// clang-format off: a line a service, so that two that are added do not meet
namespace accounts { struct Service; }
namespace calendar { struct Service; }
namespace cell { struct Service; }
namespace certificates { struct Service; }
namespace confirmations { struct Service; }
namespace dhcp { struct Service; }
namespace dns { struct Service; }
namespace files { struct Service; }
namespace findings { struct Service; }
namespace mail { struct Service; }
namespace ntp { struct Service; }
namespace peers { struct Service; }
namespace proxy { struct Service; }
namespace routing { struct Service; }
namespace secrets { struct Service; }
namespace services { struct Service; }
namespace stack { struct Service; }
namespace webmail { struct Service; }
namespace wireguard { struct Service; }

using Services = TypeList<
    cell::Service,
    accounts::Service,
    certificates::Service,
    secrets::Service,
    services::Service,
    stack::Service,
    findings::Service,
    confirmations::Service,
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
