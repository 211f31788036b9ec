// Between the typed settings and the text of a `.env`: one variable a field, its name in capitals.
#pragma once

#include "projections/stack/stack.hpp"

namespace pic::stack {

[[nodiscard]] std::string variable_name(std::string_view field);  ///< "dns_port" -> "DNS_PORT"

/// Reads assignments into a change of `settings` and, where given, of WireGuard's port. Every fault is
/// listed, at /variables/<n>/name or .../value. Rejection: "invalid_field".
struct Imported {
    Settings<Patch> changes;
    std::optional<Port> wireguard_port;
};
[[nodiscard]] Result<Imported> read_assignments(const std::vector<Assignment>& variables);

/// Every field as an assignment, in the order of the fields.
[[nodiscard]] std::vector<Assignment> write_assignments(const Settings<Plain>& settings);

}  // namespace pic::stack
