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

vault::Secret random_groups() {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648
    constexpr std::size_t groups = 4, group = 4;
    const vault::Secret random = vault::Secret::random(groups * group);
    vault::Secret text(groups * group + groups - 1);
    for (std::size_t i = 0; i < random.size(); ++i) {
        const auto at = i + i / group;
        if (i % group == 0 && i != 0) text.bytes()[at - 1] = '-';
        text.bytes()[at] = static_cast<unsigned char>(alphabet[random.data()[i] % alphabet.size()]);
    }
    return text;
}

}  // namespace pic::access
