#include "controller/api/peer_links.hpp"

#include <sodium.h>

#include <array>

#include "schema/sha256.hpp"

namespace pic::api {
namespace {

constexpr std::size_t token_bytes = 32;

std::string random_token() {
    std::array<unsigned char, token_bytes> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    std::array<char, sodium_base64_ENCODED_LEN(token_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text.data();
}

}  // namespace

Result<PeerLinks::Made> PeerLinks::make(const Uuid& peer, std::int64_t lifetime_ms, Timestamp now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(links_, [&](const auto& entry) { return entry.second.expires_at <= now; });
    if (links_.size() >= limit) return reject("overloaded", "Too many links are waiting to be used.");
    Made made{random_token(), Timestamp{now.ms + lifetime_ms}};
    links_[sha256(made.token)] = {peer, made.expires_at};
    return made;
}

std::optional<Uuid> PeerLinks::find(std::string_view token, Timestamp now, bool use) {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(sha256(token));
    if (found == links_.end() || found->second.expires_at <= now) return std::nullopt;
    const auto peer = found->second.peer;
    if (use) links_.erase(found);
    return peer;
}

}  // namespace pic::api
