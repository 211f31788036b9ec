// A lease made permanent: what the agent tells of a device now becomes a reservation for it.
#include <fmt/format.h>

#include "controller/api/expansion.hpp"
#include "projections/dhcp/dhcp.hpp"

namespace pic::api {
namespace {

struct ReserveRequest {
    dhcp::Mac mac;
    std::optional<Label> hostname;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("mac", s.mac), field("hostname", s.hostname));
    }
};

Result<void> reserve_lease(Expansion& e) {
    auto asked = from_json<ReserveRequest>(e.data);
    if (!asked) return std::unexpected(asked.error());
    std::optional<std::string> address, name;
    e.with.cell.live().visit("dhcp", "leases", [&](const core::LiveTable& leases) {
        address = leases.text(asked->mac.text, "address");
        name = leases.text(asked->mac.text, "hostname");
    });
    const auto parsed = Ipv4::parse(address.value_or(""));
    if (!parsed)
        return reject("not_found",
                      fmt::format("the device {} has no address from here now", asked->mac.text));
    dhcp::AddReservation reservation;
    reservation.mac = asked->mac;
    reservation.address = *parsed;
    reservation.hostname = asked->hostname;
    // What a device calls itself is no host name of necessity; then the reservation has none.
    Json given;
    const bool said = e.data["hostname"].get(given) == simdjson::SUCCESS;
    if (auto own = Label::parse(name.value_or("")); !said && own) reservation.hostname = *std::move(own);
    e.add(std::move(reservation));
    return {};
}

}  // namespace

void add_dhcp_expansions(Expansions& table) {
    table.emplace("ReserveDhcpLease", ExpansionEntry{reserve_lease});
}

}  // namespace pic::api
