// The cryptography of the cell's certificate authority: keys, certificates (RFC 5280), requests (RFC 2986)
// and revocation lists, all by OpenSSL. Functions of what they are given: no clock, no store, no policy. What
// may be certified is decided in projections/certificates/, where keys lie is the vault's business.
//
// All keys are ECDSA over P-256: small, and what every device of the last ten years speaks. A root signs one
// intermediate and can then be put away; the intermediate signs everything else, so that losing the machine
// does not mean visiting every phone to replace the root that it trusts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/vault/secret.hpp"
#include "projections/certificates/certificates.hpp"

namespace pic::authority {

inline constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;
inline constexpr std::int64_t root_lifetime_ms = 20 * 365 * day_ms;
inline constexpr std::int64_t intermediate_lifetime_ms = 10 * 365 * day_ms;
inline constexpr std::int64_t leaf_lifetime_ms = 90 * day_ms;
inline constexpr std::int64_t clock_slack_ms =
    5LL * 60 * 1000;  ///< valid from a little earlier: clocks differ

/// A key as PKCS#8 PEM, and the certificate that goes with it.
struct Made {
    vault::Secret key;
    CertificateDer certificate;
};

/// Signed by itself; may sign one level of authorities.
[[nodiscard]] Made make_root(std::string_view cell_name, Timestamp now);
/// Signed by the root; may sign end entities alone.
[[nodiscard]] Made make_intermediate(const Made& root, std::string_view cell_name, Timestamp now);

/// The same key under a new certificate, which outlives no root. Rejection root_key_wrong: `root` is not the
/// key of its certificate.
[[nodiscard]] Result<Made> renew_intermediate(const Made& root, const vault::Secret& key,
                                              std::string_view cell_name, Timestamp now);

struct Validity {
    Timestamp not_before, not_after;
};
[[nodiscard]] Validity validity_of(const CertificateDer& certificate);

/// What is to be certified. Names are taken as they are: the policy has been asked.
struct Order {
    certificates::Purpose purpose = certificates::Purpose::server;
    std::string subject;
    std::vector<std::string> sans;
    Timestamp not_before, not_after;
    std::string crl_url;
    std::optional<std::string>
        public_key;  ///< DER of a SubjectPublicKeyInfo, from a request; else a key is made
};
struct Issued {
    std::optional<vault::Secret> key;  ///< PKCS#8 PEM; none where the request brought the public key
    CertificateDer certificate;
    std::string serial;  ///< 128 random bits, lower-case hexadecimal
};
[[nodiscard]] Issued issue(const Made& issuer, const Order& order);

/// A PEM request whose signature fits: who asks, and with which key. Rejection csr_invalid (also for RSA
/// below 2048 bits).
struct SigningRequest {
    std::string public_key;
    std::string subject;
    std::vector<std::string> sans;
};
[[nodiscard]] Result<SigningRequest> read_request(std::string_view pem);

struct Revoked {
    std::string serial;
    Timestamp at;
    certificates::Reason reason;
};
/// A revocation list (RFC 5280 5) as DER.
[[nodiscard]] std::string make_crl(const Made& issuer, std::span<const Revoked> revoked, std::uint64_t number,
                                   Timestamp now, Timestamp next_update);

/// SHA-256 of the certificate, as browsers show it.
[[nodiscard]] Digest fingerprint(const CertificateDer& certificate);
/// The bytes themselves.
[[nodiscard]] std::string der_bytes(const CertificateDer& certificate);

}  // namespace pic::authority
