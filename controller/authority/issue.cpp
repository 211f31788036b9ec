// Keys and certificates: the root, the intermediate, and what it signs.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sodium.h>

#include <array>

#include "controller/authority/openssl.hpp"
#include "controller/authority/x509.hpp"

namespace pic::authority {
namespace {

constexpr std::size_t serial_bytes = 16;
constexpr long x509_v3 = 2;
constexpr std::size_t name_limit = 64;  // ub-common-name of RFC 5280

/// Positive and not zero (RFC 5280 4.1.2.2).
std::array<unsigned char, serial_bytes> random_serial() {
    std::array<unsigned char, serial_bytes> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
    return bytes;
}

std::string hex(std::span<const unsigned char> bytes) {
    std::string text;
    for (const auto byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

void set_serial(X509* certificate, std::span<const unsigned char> serial) {
    BIGNUM* const number =
        need(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr), "make a serial");
    const bool ok = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    if (!ok) fail("set a serial");
}

void add_entry(X509_NAME* name, const char* field, std::string_view value) {
    need(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0),
         "set a name");
}

/// `value` is text of our own making, never a user's.
void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(
        need(X509V3_EXT_conf_nid(nullptr, &context, nid, value), "make an extension"));
    need(X509_add_ext(certificate, extension.get(), -1), "add an extension");
}

/// A certificate with all but names' extensions and signature.
X509Ptr begin(EVP_PKEY* subject_key, Timestamp not_before, Timestamp not_after,
              std::span<const unsigned char> serial) {
    X509Ptr certificate(need(X509_new(), "make a certificate"));
    need(X509_set_version(certificate.get(), x509_v3), "set the version");
    set_serial(certificate.get(), serial);
    set_time(X509_getm_notBefore(certificate.get()), not_before);
    set_time(X509_getm_notAfter(certificate.get()), not_after);
    need(X509_set_pubkey(certificate.get(), subject_key), "set the key");
    return certificate;
}

Made make_ca(const Made* issuer, const Key& key, std::string_view cell_name, std::string_view what,
             Timestamp not_after, Timestamp now) {
    const auto certificate = begin(key.get(), {now.ms - clock_slack_ms}, not_after, random_serial());
    auto* const name = X509_get_subject_name(certificate.get());
    add_entry(name, "O", "Personal Internet Cell");
    add_entry(name, "CN", fmt::format("{:.{}} {}", cell_name, name_limit / 2, what));
    const auto signer = issuer ? read_certificate(issuer->certificate) : nullptr;
    X509* const signing = signer ? signer.get() : certificate.get();
    need(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signing)), "set the issuer");
    add_extension(certificate.get(), signing, NID_basic_constraints,
                  issuer ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE,pathlen:1");
    add_extension(certificate.get(), signing, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate.get(), signing, NID_subject_key_identifier, "hash");
    if (issuer) add_extension(certificate.get(), signing, NID_authority_key_identifier, "keyid:always");
    const auto signing_key = issuer ? read_key(issuer->key) : nullptr;
    need(X509_sign(certificate.get(), signing_key ? signing_key.get() : key.get(), EVP_sha256()), "sign");
    return {write_key(key.get()), write_certificate(certificate.get())};
}

/// One subject alternative name: an address, an e-mail address or a host name. As an object, not as text of
/// OpenSSL's configuration language, in which a comma would begin another.
void add_name(GENERAL_NAMES* names, const std::string& san) {
    GENERAL_NAME* const name = need(GENERAL_NAME_new(), "make a name");
    std::array<unsigned char, 16> address{};
    const bool four = inet_pton(AF_INET, san.c_str(), address.data()) == 1;
    const bool six = !four && inet_pton(AF_INET6, san.c_str(), address.data()) == 1;
    if (four || six) {
        ASN1_OCTET_STRING* const bytes = need(ASN1_OCTET_STRING_new(), "make an address");
        need(ASN1_OCTET_STRING_set(bytes, address.data(), four ? 4 : 16), "set an address");
        GENERAL_NAME_set0_value(name, GEN_IPADD, bytes);
    } else {
        ASN1_IA5STRING* const text = need(ASN1_IA5STRING_new(), "make a name");
        need(ASN1_STRING_set(text, san.data(), static_cast<int>(san.size())), "set a name");
        GENERAL_NAME_set0_value(name, san.contains('@') ? GEN_EMAIL : GEN_DNS, text);
    }
    need(sk_GENERAL_NAME_push(names, name), "add a name");
}

void add_sans(X509* certificate, const std::vector<std::string>& sans, bool critical) {
    const NamesPtr names(need(GENERAL_NAMES_new(), "make names"));
    for (const auto& san : sans) add_name(names.get(), san);
    need(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical ? 1 : 0,
                           X509V3_ADD_DEFAULT),
         "add the names");
}

Key public_key_of(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    return Key(need(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), "read a public key"));
}

}  // namespace

Made make_root(std::string_view cell_name, Timestamp now) {
    return make_ca(nullptr, make_key(), cell_name, "root", {now.ms + root_lifetime_ms}, now);
}

Made make_intermediate(const Made& root, std::string_view cell_name, Timestamp now) {
    return make_ca(&root, make_key(), cell_name, "authority", {now.ms + intermediate_lifetime_ms}, now);
}

Result<Made> renew_intermediate(const Made& root, const vault::Secret& key, std::string_view cell_name,
                                Timestamp now) {
    const auto root_key = try_read_key(root.key);
    if (!root_key || X509_check_private_key(read_certificate(root.certificate).get(), root_key.get()) != 1) {
        ERR_clear_error();
        return reject("root_key_wrong", "this is not the private key of the cell's root",
                      {{"/root_key", "is not the root's key"}});
    }
    const Timestamp until{
        std::min(now.ms + intermediate_lifetime_ms, validity_of(root.certificate).not_after.ms)};
    return make_ca(&root, read_key(key), cell_name, "authority", until, now);
}

Validity validity_of(const CertificateDer& der) {
    const auto certificate = read_certificate(der);
    return {read_time(X509_get0_notBefore(certificate.get())),
            read_time(X509_get0_notAfter(certificate.get()))};
}

Issued issue(const Made& issuer, const Order& order) {
    const auto signer = read_certificate(issuer.certificate);
    const auto key = order.public_key ? public_key_of(*order.public_key) : make_key();
    const auto serial = random_serial();
    const auto certificate = begin(key.get(), order.not_before, order.not_after, serial);
    const bool has_subject =
        order.subject.size() <= name_limit;  // a longer one is among the other names alone
    if (has_subject) add_entry(X509_get_subject_name(certificate.get()), "CN", order.subject);
    need(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer.get())), "set the issuer");
    const bool server = order.purpose == certificates::Purpose::server;
    add_extension(certificate.get(), signer.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), signer.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), signer.get(), NID_ext_key_usage,
                  server ? "serverAuth" : "clientAuth,emailProtection");
    add_extension(certificate.get(), signer.get(), NID_subject_key_identifier, "hash");
    add_extension(certificate.get(), signer.get(), NID_authority_key_identifier, "keyid:always");
    add_extension(certificate.get(), signer.get(), NID_crl_distribution_points,
                  ("URI:" + order.crl_url).c_str());
    add_sans(certificate.get(), order.sans, !has_subject);
    const auto signing_key = read_key(issuer.key);
    need(X509_sign(certificate.get(), signing_key.get(), EVP_sha256()), "sign");
    Issued issued{std::nullopt, write_certificate(certificate.get()), hex(serial)};
    if (!order.public_key) issued.key = write_key(key.get());
    return issued;
}

}  // namespace pic::authority
