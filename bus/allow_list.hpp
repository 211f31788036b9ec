// Which keys may speak, and as whom. Read by the bus thread for every connection and every message, changed
// by any thread: a map behind a mutex that is held for a look-up, which is nothing beside the message it
// stands for.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "bus/server.hpp"

namespace pic::bus {

class AllowList {
  public:
    void allow(std::string_view public_key, PeerIdentity identity);
    /// Takes every key of this id off; whether there was one.
    bool revoke(std::string_view id);
    /// Nothing: not (or no longer) listed.
    [[nodiscard]] std::shared_ptr<const PeerIdentity> find(std::string_view public_key) const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const PeerIdentity>, std::less<>> by_key_;
};

}  // namespace pic::bus
