#include "controller/authority/profile.hpp"

#include <fmt/format.h>

#include "controller/authority/openssl.hpp"
#include "controller/authority/x509.hpp"

namespace pic::authority {
namespace {

/// The same profile for the same root, so that installing it again replaces it: 16 bytes of the fingerprint
/// as a UUID.
std::string profile_id(const CertificateDer& root, char variant) {
    const auto hex = to_hex(fingerprint(root));
    return fmt::format("{}-{}-5{}-8{}{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3),
                       hex.substr(17, 2), variant, hex.substr(20, 12));
}

}  // namespace

std::string apple_profile(const CertificateDer& root, std::string_view cell_name, std::string_view domain) {
    constexpr std::string_view profile = R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>{domain}.root</string>
      <key>PayloadUUID</key><string>{inner}</string>
      <key>PayloadDisplayName</key><string>Root certificate of {name}</string>
      <key>PayloadContent</key><data>{der}</data>
    </dict>
  </array>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>{domain}</string>
  <key>PayloadUUID</key><string>{outer}</string>
  <key>PayloadDisplayName</key><string>Personal Internet Cell {name}</string>
</dict>
</plist>
)";
    return fmt::format(profile, fmt::arg("domain", domain), fmt::arg("name", cell_name),
                       fmt::arg("der", root.base64), fmt::arg("inner", profile_id(root, 'a')),
                       fmt::arg("outer", profile_id(root, 'b')));
}

std::string crl_pem(std::string_view der) {
    constexpr std::size_t line = 64;
    const auto base64 = to_base64(der);
    std::string pem = "-----BEGIN X509 CRL-----\n";
    for (std::size_t at = 0; at < base64.size(); at += line) pem += base64.substr(at, line) + "\n";
    return pem + "-----END X509 CRL-----\n";
}

}  // namespace pic::authority
