// Sign-in tries, limited per address and per account. A try that comes too early is refused before any hash
// is computed, with the seconds to wait; the wait doubles with every failure up to a bound and is forgotten
// in time. It slows, it never locks: an account that strangers hammer still opens from the addresses where
// its owner has signed in before, which count against the address alone.
//
// Pure: time is passed in. Memory is bounded: keys are hashed to 16 bytes, and beyond the limit the key
// longest silent is forgotten. A token bucket was rejected: it grants a steady rate for ever, here the rate
// falls while it fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schema/units.hpp"

namespace pic::access {

inline constexpr std::uint32_t sign_in_free_tries = 5;                  ///< failures without a wait
inline constexpr std::int64_t sign_in_first_wait_ms = 1000;             ///< then this, doubling
inline constexpr std::int64_t sign_in_longest_wait_ms = 5 * 60 * 1000;  ///< up to this
inline constexpr std::int64_t sign_in_forget_ms = 60 * 60 * 1000;  ///< of silence, and failures are forgotten
inline constexpr std::size_t sign_in_keys_limit = 10'000;  ///< remembered addresses, accounts, and pairs

/// IPv4 as it is, an IPv6 address as its /64 (one customer has at least so many); other text unchanged.
[[nodiscard]] std::string address_group(std::string_view address);

class SignInLimiter {
  public:
    /// May this try be evaluated? A granted try counts as a failure until succeeded() takes it back, so that
    /// a hundred at once are not all let through. Otherwise the seconds to wait, from 1: the answer's
    /// Retry-After.
    [[nodiscard]] std::optional<std::int64_t> refuse(std::string_view address, std::string_view account,
                                                     Timestamp now);
    /// The granted try had the right password.
    void succeeded(std::string_view address, std::string_view account, Timestamp now);

    /// Keys remembered, for tests and metrics.
    [[nodiscard]] std::size_t size() const;

  private:
    using Key = std::array<unsigned char, 16>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Entry {
        Key key{};
        std::uint32_t failures = 0;
        Timestamp not_before;
        Timestamp touched;
        bool trusted = false;
    };
    using Entries = std::list<Entry>;  ///< longest silent first

    Entry* find(const Key& key, Timestamp now);
    Entry& touch(const Key& key, Timestamp now);

    mutable std::mutex mutex_;
    Entries entries_;
    std::unordered_map<Key, Entries::iterator, KeyHash> index_;
};

}  // namespace pic::access
