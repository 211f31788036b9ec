// Who is connected, when they were last heard, and which fetches stand. A session is a connection that said
// hello; a peer (a key) may have several. Libzmq tells nobody when a peer of a ROUTER leaves, so silence
// tells.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bus/server.hpp"

namespace pic::bus {

struct StandingFetch {
    RequestId id;
    Fetch fetch;
};

struct Session {
    std::string key;
    std::shared_ptr<const PeerIdentity> who;
    std::chrono::steady_clock::time_point heard;
    std::map<std::string, StandingFetch> standing;  ///< by service
};

class Sessions {
  public:
    using Time = std::chrono::steady_clock::time_point;
    /// Told of the first session of a peer and of the end of its last.
    using Told = std::function<void(const PeerIdentity&)>;

    Sessions(Told connected, Told disconnected)
        : connected_(std::move(connected)), disconnected_(std::move(disconnected)) {}

    /// Begins a session, or begins it anew: what stood is forgotten.
    void begin(std::string_view routing_id, std::string_view key, std::shared_ptr<const PeerIdentity> who,
               Time now);
    /// The session of a connection; nullptr: it has not said hello.
    [[nodiscard]] Session* find(std::string_view routing_id);
    void end(std::string_view routing_id);
    void end_silent_since(Time limit);
    /// Ends every session for which `gone` holds.
    void end_if(const std::function<bool(const Session&)>& gone);
    [[nodiscard]] bool empty() const { return by_routing_id_.empty(); }
    [[nodiscard]] auto& all() { return by_routing_id_; }

  private:
    using Map = std::map<std::string, Session, std::less<>>;
    Map::iterator erase(Map::iterator session);

    Map by_routing_id_;
    std::map<std::string, std::size_t> count_by_key_;
    Told connected_;
    Told disconnected_;
};

}  // namespace pic::bus
