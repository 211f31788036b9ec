// What the agent's tests share: contents put together as the controller
// would, an applier on the real programs, and a wait with a deadline.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/agent/applier.hpp"
#include "support/temp_folder.hpp"

namespace pic::agent::test {

using pic::test::TempFolder;

/// What a controller would hold of a service: set fragments, then take the bundle that moves an agent on.
class Desired {
  public:
    explicit Desired(std::string service) : service_(std::move(service)) {}

    Desired& set(const std::string& path, const std::string& key, const std::string& text);
    Desired& erase(const std::string& path, const std::string& key);
    Desired& erase(const std::string& path);
    Desired& enable(bool enabled);
    /// The content as it stands now, with the next sequence.
    Content next();
    [[nodiscard]] Bundle bundle(const Content& from, const Content& to) const {
        return difference(service_, from, to);
    }

  private:
    std::string service_;
    Content content_{.revision = {.cell = Uuid{{1}}, .epoch = Epoch{1}, .sequence = Sequence{0}},
                     .enabled = true,
                     .files = {}};
};

/// A forward zone of `count` hosts h0... with addresses 10.0.x.y, as the dns projection renders it.
void set_zone(Desired& desired, const std::string& origin, unsigned serial, unsigned count);
/// The Corefile that goes with it.
void set_corefile(Desired& desired, const std::string& extra = "");

/// 32 bytes that depend on `seed`, in base64.
std::string key_of(const std::string& seed);
/// wg0.conf and its parameters with `count` peers.
void set_wireguard(Desired& desired, unsigned count);
void set_peer(Desired& desired, unsigned number, const std::string& address);

/// The options of an applier for adapters/<service>/adapter.json in these folders.
ApplierOptions options_for(const std::string& service, const std::filesystem::path& folder,
                           const Parameters& overrides = {});

/// Fails the test where it does not say that its own revision is applied and the service healthy.
void require_applied(const Report& report);

/// A TCP and UDP port of 127.0.0.1 that was free a moment ago.
std::string free_port();

/// First line that dig(1) prints for this question; "" when nothing.
std::string dig(const std::string& port, const std::string& name, const std::string& type = "A");

/// Whether this machine and user may run WireGuard in a namespace; says why not.
bool wireguard_possible();

/// Until `condition` holds, at most `limit`; gives whether it did.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds limit = std::chrono::seconds(20));

}  // namespace pic::agent::test
