// SHA-256 (FIPS 180-4) by OpenSSL, which uses the CPU's own instructions. The one-shot SHA256() of OpenSSL 3
// looks the algorithm up on every call, which costs more than hashing an event: here it is looked up once a
// process and the context is the object's own, to be used again and again.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "schema/units.hpp"

namespace pic {

/// Incremental hash. Use: update() any number of times, then finish(), which also makes it ready for the next
/// message.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    Sha256& update(std::string_view bytes);
    Sha256& update(std::span<const std::uint8_t> bytes);
    /// Length as 8 bytes little-endian, then the bytes: no two sequences of fields hash alike.
    Sha256& update_prefixed(std::string_view bytes);
    /// 8 bytes little-endian.
    Sha256& update_number(std::uint64_t number);
    [[nodiscard]] Digest finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// The digest of one message, by a context that the thread keeps.
[[nodiscard]] Digest sha256(std::string_view bytes);

}  // namespace pic
