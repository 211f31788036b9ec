#include "bus/sessions.hpp"

namespace pic::bus {

void Sessions::begin(std::string_view routing_id, std::string_view key,
                     std::shared_ptr<const PeerIdentity> who, Time now) {
    auto [found, is_new] = by_routing_id_.try_emplace(std::string(routing_id));
    found->second = Session{std::string(key), std::move(who), now, {}};
    if (is_new && count_by_key_[found->second.key]++ == 0) connected_(*found->second.who);
}

Session* Sessions::find(std::string_view routing_id) {
    const auto found = by_routing_id_.find(routing_id);
    return found == by_routing_id_.end() ? nullptr : &found->second;
}

void Sessions::end(std::string_view routing_id) {
    if (const auto found = by_routing_id_.find(routing_id); found != by_routing_id_.end()) erase(found);
}

void Sessions::end_silent_since(Time limit) {
    end_if([limit](const Session& session) { return session.heard < limit; });
}

void Sessions::end_if(const std::function<bool(const Session&)>& gone) {
    for (auto session = by_routing_id_.begin(); session != by_routing_id_.end();) {
        session = gone(session->second) ? erase(session) : std::next(session);
    }
}

Sessions::Map::iterator Sessions::erase(Map::iterator session) {
    const auto ended = std::move(session->second);
    const auto next = by_routing_id_.erase(session);
    if (const auto count = count_by_key_.find(ended.key); --count->second == 0) {
        count_by_key_.erase(count);
        disconnected_(*ended.who);
    }
    return next;
}

}  // namespace pic::bus
