// What comes from outside, a signing request, and what is published, a revocation list.
#include <arpa/inet.h>
#include <openssl/pem.h>

#include <array>

#include "controller/authority/openssl.hpp"
#include "controller/authority/x509.hpp"

namespace pic::authority {
namespace {

constexpr int rsa_bits_min = 2048;

std::unexpected<Rejection> invalid(const char* why) {
    ERR_clear_error();
    return reject("csr_invalid", why, {{"/csr", why}});
}

std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string common_name(X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return at < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string address_of(const ASN1_OCTET_STRING* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
    if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return "?";
    return inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
}

/// Names of a kind that we do not issue are shown as "?", which no policy allows.
std::vector<std::string> names_of(X509_REQ* request) {
    std::vector<std::string> sans;
    const ExtensionsPtr extensions(X509_REQ_get_extensions(request));
    if (!extensions) return sans;
    const NamesPtr names(static_cast<GENERAL_NAMES*>(
        X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int kind = 0;
        const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
        if (kind == GEN_DNS || kind == GEN_EMAIL) {
            sans.push_back(text_of(static_cast<const ASN1_STRING*>(value)));
        } else {
            sans.push_back(kind == GEN_IPADD ? address_of(static_cast<const ASN1_OCTET_STRING*>(value))
                                             : "?");
        }
    }
    return sans;
}

/// The codes of RFC 5280 5.3.1.
long code_of(certificates::Reason reason) {
    switch (reason) {
        case certificates::Reason::unspecified:
            return CRL_REASON_UNSPECIFIED;
        case certificates::Reason::key_compromise:
            return CRL_REASON_KEY_COMPROMISE;
        case certificates::Reason::affiliation_changed:
            return CRL_REASON_AFFILIATION_CHANGED;
        case certificates::Reason::superseded:
            return CRL_REASON_SUPERSEDED;
        case certificates::Reason::cessation_of_operation:
            return CRL_REASON_CESSATION_OF_OPERATION;
        case certificates::Reason::privilege_withdrawn:
            return CRL_REASON_PRIVILEGE_WITHDRAWN;
    }
    return CRL_REASON_UNSPECIFIED;
}

IntegerPtr serial_of(const std::string& hex) {
    BIGNUM* number = nullptr;
    need(BN_hex2bn(&number, hex.c_str()), "read a serial");
    IntegerPtr serial(BN_to_ASN1_INTEGER(number, nullptr));
    BN_free(number);
    need(serial.get(), "read a serial");
    return serial;
}

void add_revoked(X509_CRL* crl, const Revoked& one) {
    X509_REVOKED* const entry = need(X509_REVOKED_new(), "make an entry");
    const TimePtr at(need(ASN1_TIME_new(), "make a time"));
    set_time(at.get(), one.at);
    need(X509_REVOKED_set_serialNumber(entry, serial_of(one.serial).get()), "set a serial");
    need(X509_REVOKED_set_revocationDate(entry, at.get()), "set a time");
    if (one.reason != certificates::Reason::unspecified) {  // which is said by saying nothing
        ASN1_ENUMERATED* const reason = need(ASN1_ENUMERATED_new(), "make a reason");
        need(ASN1_ENUMERATED_set(reason, code_of(one.reason)), "set a reason");
        const int added = X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
        ASN1_ENUMERATED_free(reason);
        need(added, "add a reason");
    }
    need(X509_CRL_add0_revoked(crl, entry), "add an entry");
}

}  // namespace

Result<SigningRequest> read_request(std::string_view pem) {
    const BioPtr in(need(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), "read a request"));
    const X509RequestPtr request(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
    if (!request) return invalid("this is no PEM certificate request");
    EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr) return invalid("the request's key cannot be read");
    const int kind = EVP_PKEY_get_base_id(key);
    const bool strong = kind == EVP_PKEY_EC || kind == EVP_PKEY_ED25519 ||
                        (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= rsa_bits_min);
    if (!strong)
        return invalid("the request's key is neither ECDSA nor Ed25519 nor RSA of at least 2048 bits");
    if (X509_REQ_verify(request.get(), key) != 1)
        return invalid("the request's signature does not fit its key");
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    need(size, "write a public key");
    SigningRequest read{{reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)},
                        common_name(X509_REQ_get_subject_name(request.get())),
                        names_of(request.get())};
    OPENSSL_free(der);
    return read;
}

std::string make_crl(const Made& issuer, std::span<const Revoked> revoked, std::uint64_t number,
                     Timestamp now, Timestamp next_update) {
    const auto signer = read_certificate(issuer.certificate);
    const CrlPtr crl(need(X509_CRL_new(), "make a list"));
    need(X509_CRL_set_version(crl.get(), 1), "set the version");
    need(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(signer.get())), "set the issuer");
    const TimePtr from(need(ASN1_TIME_new(), "make a time")), until(need(ASN1_TIME_new(), "make a time"));
    set_time(from.get(), now);
    set_time(until.get(), next_update);
    need(X509_CRL_set1_lastUpdate(crl.get(), from.get()), "set a time");
    need(X509_CRL_set1_nextUpdate(crl.get(), until.get()), "set a time");
    for (const auto& one : revoked) add_revoked(crl.get(), one);
    need(X509_CRL_sort(crl.get()), "sort");
    const IntegerPtr count(need(ASN1_INTEGER_new(), "make a number"));
    need(ASN1_INTEGER_set_uint64(count.get(), number), "set the number");
    need(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, count.get(), 0, 0), "add the number");
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, signer.get(), nullptr, nullptr, crl.get(), 0);
    const ExtensionPtr identifier(
        need(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"),
             "make an extension"));
    need(X509_CRL_add_ext(crl.get(), identifier.get(), -1), "add an extension");
    const auto key = read_key(issuer.key);
    need(X509_CRL_sign(crl.get(), key.get(), EVP_sha256()), "sign");
    unsigned char* der = nullptr;
    const int size = i2d_X509_CRL(crl.get(), &der);
    need(size, "write a list");
    std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

}  // namespace pic::authority
