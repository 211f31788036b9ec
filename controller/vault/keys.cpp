#include "controller/vault/keys.hpp"

#include <sodium.h>

#include <utility>

namespace pic::vault {

namespace {

constexpr std::size_t scalar_size = crypto_scalarmult_SCALARBYTES;
constexpr std::size_t base64_size = 44;  // of 32 bytes, padded

Secret to_base64(const Secret& bytes) {
    // libsodium writes a terminating zero; it is not part of the text.
    Secret padded(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL));
    sodium_bin2base64(reinterpret_cast<char*>(padded.bytes().data()), padded.size(), bytes.data(),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    return Secret::copy_of(padded.reveal().substr(0, padded.size() - 1));
}

/// sodium_base642bin() checks that the unused bits are zero, so there is one text for each key.
std::optional<Secret> key_from_base64(std::string_view text) {
    if (text.size() != base64_size) return std::nullopt;
    Secret key(scalar_size);
    std::size_t length = 0;
    if (sodium_base642bin(key.bytes().data(), key.size(), text.data(), text.size(), nullptr, &length, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        length != scalar_size) {
        return std::nullopt;
    }
    return key;
}

std::string public_half(const Secret& key) {
    Secret point(crypto_scalarmult_BYTES);
    crypto_scalarmult_base(point.bytes().data(), key.data());
    return std::string(to_base64(point).reveal());
}

}  // namespace

WireguardKeyPair make_wireguard_key_pair() {
    Secret key = Secret::random(scalar_size);
    key.bytes()[0] &= 248;
    key.bytes()[31] = static_cast<unsigned char>((key.bytes()[31] & 127) | 64);
    return {to_base64(key), public_half(key)};
}

std::optional<std::string> wireguard_public_key(const Secret& private_key) {
    const std::optional<Secret> key = key_from_base64(private_key.reveal());
    if (!key) return std::nullopt;
    return public_half(*key);
}

Secret make_wireguard_preshared_key() { return to_base64(Secret::random(scalar_size)); }

SigningKey::SigningKey(Secret secret_key, Ed25519PublicKey public_key)
    : secret_key_(std::move(secret_key)), public_key_(public_key) {}

Secret SigningKey::make_seed() { return Secret::random(crypto_sign_SEEDBYTES); }

std::optional<SigningKey> SigningKey::from_seed(const Secret& seed) {
    if (seed.size() != crypto_sign_SEEDBYTES) return std::nullopt;
    Ed25519PublicKey public_key{};
    Secret secret_key(crypto_sign_SECRETKEYBYTES);
    crypto_sign_seed_keypair(public_key.data(), secret_key.bytes().data(), seed.data());
    return SigningKey(std::move(secret_key), public_key);
}

Ed25519Signature SigningKey::sign(std::span<const std::uint8_t> message) const {
    Ed25519Signature signature{};
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_key_.data());
    return signature;
}

bool ed25519_verify(const Ed25519PublicKey& key, std::span<const std::uint8_t> message,
                    const Ed25519Signature& signature) {
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

}  // namespace pic::vault
