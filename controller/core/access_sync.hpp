// What the log decides about tokens and bus keys, carried to where it is enforced: the token table and the
// bus's allow-list. Done between the commit and its answer, so that a token works, or no longer works, the
// moment its maker is told.
#pragma once

#include <functional>

#include "bus/server.hpp"
#include "controller/access/tokens.hpp"
#include "controller/vault/vault.hpp"
#include "projections/world.hpp"

namespace pic::accounts {
struct BusClient;
struct Token;
}  // namespace pic::accounts

namespace pic::core {

class AccessSync {
  public:
    AccessSync(vault::Vault& vault, access::TokenTable& tokens) : vault_(vault), tokens_(tokens) {}

    /// From when on the bus's allow-list is kept too. Set once, before the writer starts.
    void set_bus(bus::Server* server) { bus_ = server; }
    /// Cheap where neither tokens nor clients of the bus changed. Cost: the number of changes.
    void update(const World& before, const World& after);

  private:
    void update_token(const Uuid& id, const accounts::Token* token);
    static bus::PeerIdentity identity_of(const accounts::BusClient& client);
    void update_client(const accounts::BusClient* was, const accounts::BusClient* is);

    vault::Vault& vault_;
    access::TokenTable& tokens_;
    bus::Server* bus_ = nullptr;
};

}  // namespace pic::core
