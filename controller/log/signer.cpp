#include "controller/log/signer.hpp"

#include <sodium.h>

#include <new>
#include <stdexcept>

namespace pic::log {
namespace {

static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(PublicKey) && crypto_sign_BYTES == sizeof(Signature) &&
              crypto_sign_SEEDBYTES == sizeof(Seed));

const unsigned char* octets_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

void start_sodium() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
}

class Ed25519Signer final : public Signer {
  public:
    explicit Ed25519Signer(std::span<const std::uint8_t, 32> seed) {
        start_sodium();
        secret_.reset(static_cast<unsigned char*>(sodium_malloc(crypto_sign_SECRETKEYBYTES)));
        if (!secret_) throw std::bad_alloc();
        crypto_sign_seed_keypair(public_.data(), secret_.get(), seed.data());
        sodium_mprotect_readonly(secret_.get());
    }

    [[nodiscard]] PublicKey public_key() const override { return public_; }

    [[nodiscard]] Signature sign(std::string_view message) const override {
        Signature signature;
        crypto_sign_detached(signature.data(), nullptr, octets_of(message), message.size(), secret_.get());
        return signature;
    }

  private:
    struct Wipe {
        void operator()(unsigned char* bytes) const { sodium_free(bytes); }
    };
    PublicKey public_{};
    std::unique_ptr<unsigned char, Wipe> secret_;
};

}  // namespace

std::shared_ptr<const Signer> make_ed25519_signer(std::span<const std::uint8_t, 32> seed) {
    return std::make_shared<Ed25519Signer>(seed);
}

bool signature_is_valid(const PublicKey& key, std::string_view message, const Signature& signature) {
    return crypto_sign_verify_detached(signature.data(), octets_of(message), message.size(), key.data()) == 0;
}

}  // namespace pic::log
