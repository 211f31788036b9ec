// The forms in which people and programs want what is public: a profile with which an iPhone takes over the
// root in two taps, and PEM where a program reads no DER.
#pragma once

#include <string>
#include <string_view>

#include "schema/scalars.hpp"

namespace pic::authority {

/// A configuration profile (XML property list) that holds the root alone. Name and domain are a label and a
/// host name: they need no escaping.
[[nodiscard]] std::string apple_profile(const CertificateDer& root, std::string_view cell_name,
                                        std::string_view domain);
/// A revocation list between its armour lines (RFC 7468).
[[nodiscard]] std::string crl_pem(std::string_view der);

}  // namespace pic::authority
