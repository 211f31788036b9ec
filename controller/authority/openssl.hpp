// OpenSSL's objects with owners, and its errors as exceptions: within controller/authority alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "controller/vault/secret.hpp"
#include "schema/scalars.hpp"
#include "schema/units.hpp"

namespace pic::authority {

template <auto free_function>
struct Freer {
    template <class T>
    void operator()(T* object) const {
        free_function(object);
    }
};
inline void free_names(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }
inline void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using X509RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<free_names>>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), Freer<free_extensions>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>>;

/// Broken machinery: what is given to these calls was checked before.
[[noreturn]] inline void fail(const char* what) {
    const auto code = ERR_get_error();
    ERR_clear_error();
    throw std::runtime_error(std::string("OpenSSL could not ") + what + ": " +
                             ERR_error_string(code, nullptr));
}
template <class T>
T* need(T* object, const char* what) {
    if (object == nullptr) fail(what);
    return object;
}
inline void need(int ok, const char* what) {
    if (ok <= 0) fail(what);
}

/// PKCS#8 PEM, to and from.
[[nodiscard]] Key read_key(const vault::Secret& pem);
/// Of text that somebody typed: null where it is no unencrypted private key.
[[nodiscard]] Key try_read_key(const vault::Secret& pem);
[[nodiscard]] vault::Secret write_key(EVP_PKEY* key);
[[nodiscard]] Key make_key();

[[nodiscard]] X509Ptr read_certificate(const CertificateDer& certificate);
[[nodiscard]] CertificateDer write_certificate(X509* certificate);
[[nodiscard]] std::string to_base64(std::string_view bytes);

void set_time(ASN1_TIME* time, Timestamp at);
[[nodiscard]] Timestamp read_time(const ASN1_TIME* time);

}  // namespace pic::authority
