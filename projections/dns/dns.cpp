#include "projections/dns/dns.hpp"

#include "projections/world.hpp"

namespace pic::dns {

void render(Service, const World*, const World&, Renderer&) {}

bool name_in_use(const World&, const std::string&) { return false; }

}  // namespace pic::dns
