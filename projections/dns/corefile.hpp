// The Corefile: one server block, as adapters/dns/README.md describes it. Zones are found in their folder, so
// that it changes only with the resolvers, the forwarded domains and the networks that may ask.
#pragma once

#include "projections/core/render.hpp"

namespace pic {
class World;
}

namespace pic::dns {

inline constexpr char corefile_path[] = "Corefile";

/// Puts it where it may differ from that of `before`; with no `before` always.
void put_corefile(const World* before, const World& now, Renderer& out);

}  // namespace pic::dns
