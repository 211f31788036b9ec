#include "schema/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace pic {
namespace {

const EVP_MD* algorithm() {
    static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return md;
}

void check(int ok) {
    if (ok != 1) throw std::runtime_error("OpenSSL could not compute SHA-256");
}

}  // namespace

struct Sha256::Context {
    EVP_MD_CTX* raw = EVP_MD_CTX_new();
    Context() {
        if (raw == nullptr || algorithm() == nullptr) throw std::runtime_error("OpenSSL has no SHA-256");
        check(EVP_DigestInit_ex2(raw, algorithm(), nullptr));
    }
    ~Context() { EVP_MD_CTX_free(raw); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;

Sha256& Sha256::update(std::string_view bytes) {
    check(EVP_DigestUpdate(context_->raw, bytes.data(), bytes.size()));
    return *this;
}

Sha256& Sha256::update(std::span<const std::uint8_t> bytes) {
    check(EVP_DigestUpdate(context_->raw, bytes.data(), bytes.size()));
    return *this;
}

Sha256& Sha256::update_number(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes;
    for (auto& byte : bytes) {
        byte = static_cast<std::uint8_t>(number);
        number >>= 8;
    }
    return update(bytes);
}

Sha256& Sha256::update_prefixed(std::string_view bytes) { return update_number(bytes.size()).update(bytes); }

Digest Sha256::finish() {
    Digest digest;
    check(EVP_DigestFinal_ex(context_->raw, digest.data(), nullptr));
    check(EVP_DigestInit_ex2(context_->raw, nullptr, nullptr));
    return digest;
}

Digest sha256(std::string_view bytes) {
    thread_local Sha256 hash;
    return hash.update(bytes).finish();
}

}  // namespace pic
