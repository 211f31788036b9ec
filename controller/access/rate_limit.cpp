#include "controller/access/rate_limit.hpp"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace pic::access {

namespace {

std::int64_t wait_after(std::uint32_t failures) {
    if (failures < sign_in_free_tries) return 0;
    std::int64_t wait = sign_in_first_wait_ms;
    for (std::uint32_t i = sign_in_free_tries; i < failures && wait < sign_in_longest_wait_ms; ++i) wait *= 2;
    return std::min(wait, sign_in_longest_wait_ms);
}

/// Sixteen bytes whatever the length of the names, which strangers choose.
std::array<unsigned char, 16> key_of(std::string_view kind, std::string_view first,
                                     std::string_view second = {}) {
    crypto_generichash_state state;
    std::array<unsigned char, 16> key{};
    crypto_generichash_init(&state, nullptr, 0, key.size());
    for (const std::string_view part : {kind, first, second}) {
        const std::uint64_t length = part.size();
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&length), sizeof length);
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    }
    crypto_generichash_final(&state, key.data(), key.size());
    return key;
}

}  // namespace

std::string address_group(std::string_view address) {
    std::string text(address);
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        std::array<char, INET_ADDRSTRLEN> four{};
        return inet_ntop(AF_INET, &six.s6_addr[12], four.data(), four.size());
    }
    std::fill(six.s6_addr + 8, six.s6_addr + 16, std::uint8_t{0});
    std::array<char, INET6_ADDRSTRLEN> network{};
    return std::string(inet_ntop(AF_INET6, &six, network.data(), network.size())) + "/64";
}

std::size_t SignInLimiter::KeyHash::operator()(const Key& key) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, key.data(), sizeof hash);
    return hash;
}

SignInLimiter::Entry* SignInLimiter::find(const Key& key, Timestamp now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    Entry& entry = *found->second;
    if (now.ms - entry.touched.ms > sign_in_forget_ms) entry.failures = 0;
    return &entry;
}

SignInLimiter::Entry& SignInLimiter::touch(const Key& key, Timestamp now) {
    if (Entry* known = find(key, now)) {
        entries_.splice(entries_.end(), entries_, index_.at(key));
        known->touched = now;
        return *known;
    }
    if (index_.size() >= sign_in_keys_limit) {
        index_.erase(entries_.front().key);
        entries_.pop_front();
    }
    entries_.emplace_back().key = key;
    entries_.back().touched = now;
    index_.emplace(key, std::prev(entries_.end()));
    return entries_.back();
}

std::optional<std::int64_t> SignInLimiter::refuse(std::string_view address, std::string_view account,
                                                  Timestamp now) {
    const std::string group = address_group(address);
    const Key by_address = key_of("address", group);
    const Key by_account = key_of("account", account);
    const std::lock_guard lock(mutex_);
    const Entry* known_here = find(key_of("pair", group, account), now);
    const bool trusted = known_here && known_here->trusted;

    std::int64_t wait = 0;
    const auto wait_for = [&](const Key& key) {
        // A clock that was set back must not turn minutes into years.
        if (const Entry* entry = find(key, now)) {
            wait = std::max(wait, std::min(entry->not_before.ms - now.ms, wait_after(entry->failures)));
        }
    };
    wait_for(by_address);
    if (!trusted) wait_for(by_account);
    if (wait > 0) return (wait + 999) / 1000;

    const auto charge = [&](const Key& key) {
        Entry& entry = touch(key, now);
        ++entry.failures;
        entry.not_before = Timestamp{now.ms + wait_after(entry.failures)};
    };
    charge(by_address);
    if (!trusted) charge(by_account);
    return std::nullopt;
}

void SignInLimiter::succeeded(std::string_view address, std::string_view account, Timestamp now) {
    const std::string group = address_group(address);
    const std::lock_guard lock(mutex_);
    // The address gets this one try back and no more: whoever has an account must not guess others' between
    // sign-ins.
    Entry& from = touch(key_of("address", group), now);
    if (from.failures > 0) --from.failures;
    from.not_before = now;
    if (Entry* account_entry = find(key_of("account", account), now)) account_entry->failures = 0;
    touch(key_of("pair", group, account), now).trusted = true;
}

std::size_t SignInLimiter::size() const {
    const std::lock_guard lock(mutex_);
    return index_.size();
}

}  // namespace pic::access
