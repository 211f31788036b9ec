#include "controller/vault/sealing.hpp"

#include <sodium.h>

#include <cstring>

namespace pic::vault {

namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* unsigned_bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Place& Place::add(std::string_view part) {
    add(std::uint64_t{part.size()});
    bytes_ += part;
    return *this;
}

Place& Place::add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(number >> shift & 0xff);
    return *this;
}

Sealed seal(const Secret& key, const Place& place, const Secret& plain) {
    Sealed sealed(nonce_size + plain.size() + tag_size);
    randombytes_buf(sealed.data(), nonce_size);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + nonce_size, nullptr, plain.data(),
                                               plain.size(), unsigned_bytes(place.bytes()),
                                               place.bytes().size(), nullptr, sealed.data(), key.data());
    return sealed;
}

std::optional<Secret> unseal(const Secret& key, const Place& place, std::span<const unsigned char> sealed) {
    if (sealed.size() < nonce_size + tag_size) return std::nullopt;
    Secret plain(sealed.size() - nonce_size - tag_size);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain.bytes().data(), nullptr, nullptr, sealed.data() + nonce_size, sealed.size() - nonce_size,
            unsigned_bytes(place.bytes()), place.bytes().size(), sealed.data(), key.data()) != 0) {
        return std::nullopt;
    }
    return plain;
}

Sealed sign_place(const Secret& key, const Place& place) {
    Sealed signature(crypto_generichash_BYTES);
    crypto_generichash(signature.data(), signature.size(), unsigned_bytes(place.bytes()),
                       place.bytes().size(), key.data(), key.size());
    return signature;
}

bool place_is_signed(const Secret& key, const Place& place, std::span<const unsigned char> signature) {
    const Sealed expected = sign_place(key, place);
    return signature.size() == expected.size() &&
           sodium_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

}  // namespace pic::vault
