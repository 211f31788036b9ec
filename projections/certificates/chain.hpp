// What a server sends is made of two certificates, its own and the intermediate, and each is renewed in its own
// time. Whoever shows a chain compares stamps, and so misses neither.
#pragma once

#include <utility>

#include "projections/certificates/certificates.hpp"

namespace pic::certificates {

/// Another value, another chain.
using ChainStamp = std::pair<Uuid, StreamVersion>;
[[nodiscard]] ChainStamp chain_stamp(const World& world, std::string_view service);

}  // namespace pic::certificates
