#include "bus/allow_list.hpp"

namespace pic::bus {

void AllowList::allow(std::string_view public_key, PeerIdentity identity) {
    auto shared = std::make_shared<const PeerIdentity>(std::move(identity));
    const std::scoped_lock lock(mutex_);
    by_key_.insert_or_assign(std::string(public_key), std::move(shared));
}

bool AllowList::revoke(std::string_view id) {
    const std::scoped_lock lock(mutex_);
    return std::erase_if(by_key_, [&](const auto& entry) { return entry.second->id == id; }) > 0;
}

std::shared_ptr<const PeerIdentity> AllowList::find(std::string_view public_key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_key_.find(public_key);
    return found == by_key_.end() ? nullptr : found->second;
}

}  // namespace pic::bus
