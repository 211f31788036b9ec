#include "controller/core/access_sync.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "projections/accounts/accounts.hpp"

namespace pic::core {

void AccessSync::update(const World& before, const World& after) {
    const auto& was = before.get<accounts::Service>();
    const auto& is = after.get<accounts::Service>();
    if (!was.tokens.same_as(is.tokens)) {
        CowMap<Uuid, accounts::Token>::diff(
            was.tokens, is.tokens,
            [&](const Uuid& id, const auto*, const auto* token) { update_token(id, token); });
    }
    if (bus_ == nullptr) return;
    using Clients = CowMap<Uuid, accounts::BusClient>;
    const auto client = [&](const Uuid&, const auto* old, const auto* fresh) { update_client(old, fresh); };
    Clients::diff(was.agents, is.agents, client);
    Clients::diff(was.subscribers, is.subscribers, client);
}

void AccessSync::update_token(const Uuid& id, const accounts::Token* token) {
    tokens_.remove(id);
    if (token == nullptr) return;
    const auto hash = vault_.get(token->hash_ref);
    auto scopes = access::Scopes::parse(token->scopes);
    if (!hash || hash->size() != sizeof(Digest) || !scopes) {
        spdlog::warn("token_unusable: token {} has no hash in the vault, nobody can use it", to_string(id));
        return;
    }
    access::Token entry{
        id, token->name.text, token->owner, *std::move(scopes), token->expires_at, token->sources, {}};
    std::copy_n(hash->data(), entry.hash.size(), entry.hash.begin());
    tokens_.put(std::move(entry));
}

bus::PeerIdentity AccessSync::identity_of(const accounts::BusClient& client) {
    const auto kind =
        client.kind == accounts::BusKind::agent ? bus::PeerKind::agent : bus::PeerKind::subscriber;
    return {kind, to_string(client.id), client.services, client.scopes};
}

void AccessSync::update_client(const accounts::BusClient* was, const accounts::BusClient* is) {
    if (was != nullptr && was->public_key && (is == nullptr || is->public_key != was->public_key))
        bus_->revoke(to_string(was->id));
    if (is == nullptr || !is->public_key || (was != nullptr && was->public_key == is->public_key)) return;
    if (auto allowed = bus_->allow(*is->public_key, identity_of(*is)); !allowed) {
        spdlog::warn("bus_key_unusable: the key of {} is refused: {}", to_string(is->id),
                     allowed.error().detail);
    }
}

}  // namespace pic::core
