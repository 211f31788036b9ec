#include "controller/access/random_text.hpp"

#include <sodium.h>

namespace pic::access {

vault::Secret random_base64url(std::size_t bytes) {
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    const vault::Secret random = vault::Secret::random(bytes);
    // libsodium writes a terminating zero; it is not part of the text.
    vault::Secret text(sodium_base64_encoded_len(bytes, variant));
    sodium_bin2base64(reinterpret_cast<char*>(text.bytes().data()), text.size(), random.data(), random.size(),
                      variant);
    return vault::Secret::copy_of(text.reveal().substr(0, text.size() - 1));
}

}  // namespace pic::access
