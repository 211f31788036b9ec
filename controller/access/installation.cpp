#include "controller/access/installation.hpp"

#include <sodium.h>

#include <array>
#include <utility>

namespace pic::access {

using vault::FileError;
using vault::Secret;

namespace {

constexpr std::size_t key_size = crypto_generichash_KEYBYTES;
using Hash = std::array<unsigned char, 32>;

/// BLAKE2b keyed with the installation's key. `purpose` is part of the message, a zero byte ends it.
Hash keyed_hash(const Secret& key, std::string_view purpose, std::string_view message) {
    crypto_generichash_state state;
    Hash hash{};
    crypto_generichash_init(&state, key.data(), key.size(), hash.size());
    const auto add = [&state](std::string_view text) {
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    };
    add(purpose);
    add(std::string_view("\0", 1));
    add(message);
    crypto_generichash_final(&state, hash.data(), hash.size());
    return hash;
}

}  // namespace

Installation::Installation(Secret key) : key_(std::move(key)) {
    const Hash hash = keyed_hash(key_, "pic cookie name", {});
    std::array<char, 9> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), 4);
    cookie_name_ = std::string("pic_sess_") + hex.data();
}

std::expected<Installation, FileError> Installation::open(const std::filesystem::path& file) {
    auto key = vault::read_private_file(file);
    if (!key && key.error().code == FileError::Code::missing) {
        Secret fresh = Secret::random(key_size);
        if (auto written = vault::write_private_file(file, fresh, vault::IfExists::refuse); !written) {
            return std::unexpected(std::move(written).error());
        }
        return Installation(std::move(fresh));
    }
    if (!key) return std::unexpected(std::move(key).error());
    if (key->size() != key_size) {
        return std::unexpected(
            FileError{FileError::Code::io, file.string() + " is damaged: it must hold 32 bytes"});
    }
    return Installation(std::move(*key));
}

std::string Installation::csrf_token(std::string_view cookie_value) const {
    const Hash hash = keyed_hash(key_, "pic csrf", cookie_value);
    std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
    sodium_bin2base64(text.data(), text.size(), hash.data(), hash.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text.data();
}

bool Installation::csrf_matches(std::string_view cookie_value, std::string_view token) const {
    const std::string expected = csrf_token(cookie_value);
    return token.size() == expected.size() &&
           sodium_memcmp(token.data(), expected.data(), expected.size()) == 0;
}

}  // namespace pic::access
