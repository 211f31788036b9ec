// One-time links to a peer's config: 256 random bits, kept as their hash, used once, gone after a while. They
// live in memory: a restart voids them, which costs the asking for another, and a link never outlives what it
// leads to.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "schema/rejection.hpp"
#include "schema/units.hpp"

namespace pic::api {

class PeerLinks {
  public:
    static constexpr std::size_t limit = 1000;  ///< waiting to be used

    struct Made {
        std::string token;  ///< 43 characters of base64url
        Timestamp expires_at;
    };
    /// Rejection: overloaded.
    [[nodiscard]] Result<Made> make(const Uuid& peer, std::int64_t lifetime_ms, Timestamp now);
    /// The peer that a token leads to. `use`: and the token is void from now on.
    [[nodiscard]] std::optional<Uuid> find(std::string_view token, Timestamp now, bool use);

  private:
    struct Link {
        Uuid peer;
        Timestamp expires_at;
    };
    std::mutex mutex_;
    std::map<Digest, Link> links_;
};

}  // namespace pic::api
