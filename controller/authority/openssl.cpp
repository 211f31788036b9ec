#include "controller/authority/openssl.hpp"

#include <openssl/pem.h>
#include <sodium.h>

#include <ctime>
#include <vector>

#include "controller/authority/x509.hpp"
#include "schema/sha256.hpp"

namespace pic::authority {

Key read_key(const vault::Secret& pem) {
    const BioPtr in(need(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), "read a key"));
    return Key(need(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), "read a key"));
}

Key try_read_key(const vault::Secret& pem) {
    const BioPtr in(need(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), "read a key"));
    // Without a function of ours OpenSSL would ask for a passphrase at the console.
    constexpr auto no_passphrase = [](char*, int, int, void*) { return -1; };
    Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    return key;
}

vault::Secret write_key(EVP_PKEY* key) {
    const BioPtr out(need(BIO_new(BIO_s_secmem()), "write a key"));
    need(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr), "write a key");
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    auto secret = vault::Secret::copy_of({bytes, static_cast<std::size_t>(size)});
    sodium_memzero(bytes, static_cast<std::size_t>(size));
    return secret;
}

Key make_key() { return Key(need(EVP_EC_gen("P-256"), "make a key")); }

std::string to_base64(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();  // the terminator
    return text;
}

std::string der_bytes(const CertificateDer& certificate) {
    std::string der(certificate.base64.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(der.data()), der.size(), certificate.base64.data(),
                          certificate.base64.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        throw std::logic_error("a certificate that is no base64");
    }
    der.resize(size);
    return der;
}

X509Ptr read_certificate(const CertificateDer& certificate) {
    const auto der = der_bytes(certificate);
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    return X509Ptr(need(d2i_X509(nullptr, &at, static_cast<long>(der.size())), "read a certificate"));
}

CertificateDer write_certificate(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    need(size, "write a certificate");
    auto made =
        CertificateDer{to_base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)})};
    OPENSSL_free(der);
    return made;
}

void set_time(ASN1_TIME* time, Timestamp at) { need(ASN1_TIME_set(time, at.ms / 1000), "set a time"); }

Timestamp read_time(const ASN1_TIME* time) {
    std::tm parts{};
    need(ASN1_TIME_to_tm(time, &parts), "read a time");
    return {static_cast<std::int64_t>(timegm(&parts)) * 1000};
}

Digest fingerprint(const CertificateDer& certificate) { return sha256(der_bytes(certificate)); }

}  // namespace pic::authority
