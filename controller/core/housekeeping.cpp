#include "controller/core/housekeeping.hpp"

#include <spdlog/spdlog.h>

#include <set>

#include "controller/core/supply.hpp"
#include "projections/accounts/accounts.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/peers/peers.hpp"
#include "projections/secrets/secrets.hpp"
#include "projections/wireguard/wireguard.hpp"

namespace pic::core {

Housekeeping::Housekeeping(vault::Vault& vault, Hooks hooks) : vault_(vault), hooks_(std::move(hooks)) {}

Housekeeping::~Housekeeping() { stop(); }

void Housekeeping::start() {
    thread_ = std::thread([this] { run(); });
}

namespace {

/// What one commit has made superfluous.
struct Superfluous {
    std::vector<std::string>& subjects;
    std::vector<SecretRef>& refs;

    void replaced(const std::optional<SecretRef>& was, const std::optional<SecretRef>& is) const {
        if (was && was != is) refs.push_back(*was);
    }

    void of_peers(const World& before, const World& after) const {
        using Peers = CowMap<Uuid, peers::Peer>;
        Peers::diff(before.get<peers::Service>().peers, after.get<peers::Service>().peers,
                    [&](const Uuid&, const peers::Peer* old, const peers::Peer* now) {
                        if (old == nullptr) return;
                        // Versions, not the subject: an undo may bring the peer back, and it is given new
                        // keys then.
                        replaced(old->private_key_ref, now == nullptr ? std::nullopt : now->private_key_ref);
                        replaced(old->preshared_key_ref,
                                 now == nullptr ? std::nullopt : now->preshared_key_ref);
                    });
    }

    /// Destroying the subject takes every value with it; else those that are not kept any more go.
    void of_secrets(const secrets::State& before, const secrets::State& after) const {
        CowMap<std::string, secrets::NamedSecret>::diff(
            before.secrets, after.secrets,
            [&](const std::string&, const secrets::NamedSecret* old, const secrets::NamedSecret* now) {
                if (old == nullptr) return;
                if (now == nullptr || now->id != old->id)
                    return subjects.push_back(secrets::subject_of(old->id));
                for (const auto& version : old->versions) {
                    if (!secrets::value_of(*now, version.number))
                        refs.push_back({old->value_ref.name, version.number});
                }
            });
    }

    /// Destroying a person's subject takes every form of the password and of the app passwords with it.
    void of_people(const accounts::State& before, const accounts::State& after) const {
        CowMap<Uuid, accounts::User>::diff(
            before.users, after.users,
            [&](const Uuid& id, const accounts::User* old, const accounts::User* now) {
                if (old == nullptr) return;
                if (now == nullptr) return subjects.push_back(accounts::subject_of(id));
                replaced(old->password.password_ref, now->password.password_ref);
                replaced(old->password.bcrypt_ref, now->password.bcrypt_ref);
                replaced(old->password.sha512_ref, now->password.sha512_ref);
                replaced(old->totp_ref, now->totp_ref);
                replaced(old->recovery_ref, now->recovery_ref);
            });
        CowMap<Uuid, accounts::AppPassword>::diff(
            before.app_passwords, after.app_passwords,
            [&](const Uuid&, const accounts::AppPassword* old, const accounts::AppPassword* now) {
                if (old != nullptr && now == nullptr)
                    refs.insert(refs.end(), {old->bcrypt_ref, old->sha512_ref});
            });
    }
};

}  // namespace

void Housekeeping::committed(const World& before, const World& after) {
    const std::lock_guard lock(mutex_);
    const Superfluous superfluous{subjects_, refs_};
    superfluous.replaced(before.get<wireguard::Service>().wireguard.private_key_ref,
                         after.get<wireguard::Service>().wireguard.private_key_ref);
    superfluous.of_peers(before, after);
    superfluous.of_people(before.get<accounts::Service>(), after.get<accounts::Service>());
    superfluous.of_secrets(before.get<secrets::Service>(), after.get<secrets::Service>());
    superfluous.replaced(before.get<certificates::Service>().authority.root_key_ref,
                         after.get<certificates::Service>().authority.root_key_ref);
}

void Housekeeping::run() {
    auto next_expiry = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        wake_.wait_for(lock, tick_interval, [&] { return stopping_; });
        lock.unlock();
        sweep();
        hooks_.tick();
        if (const auto now = std::chrono::steady_clock::now(); now >= next_expiry) {
            expire();
            hooks_.renew(*hooks_.world());
            next_expiry = now + expiry_interval;
        }
        lock.lock();
    }
}

void Housekeeping::sweep() {
    std::vector<std::string> subjects;
    std::vector<SecretRef> refs;
    {
        const std::lock_guard lock(mutex_);
        subjects.swap(subjects_);
        refs.swap(refs_);
    }
    if (subjects.empty() && refs.empty()) return;
    const auto now = core::now();
    auto ok = vault_.destroy_subjects(subjects, now);
    if (ok) ok = vault_.drop(refs, now);
    if (ok) return;
    spdlog::warn("vault_unwritable: superfluous secrets could not be destroyed, it will be tried again: {}",
                 ok.error().detail);
    const std::lock_guard lock(mutex_);
    subjects_.insert(subjects_.end(), subjects.begin(), subjects.end());
    refs_.insert(refs_.end(), refs.begin(), refs.end());
}

void Housekeeping::expire() {
    const auto world = hooks_.world();
    const auto now = core::now();
    world->get<peers::Service>().peers.for_each([&](const Uuid& id, const peers::Peer& peer) {
        if (peer.settings.enabled && peer.settings.expires_at && *peer.settings.expires_at <= now)
            hooks_.expire(id);
    });
}

void Housekeeping::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (!thread_.joinable()) return;
    thread_.join();
    sweep();
}

std::function<bool(const SecretRef&)> references_of(const World& world) {
    auto refs = std::make_shared<std::set<SecretRef>>();
    const auto keep = [&](const std::optional<SecretRef>& ref) {
        if (ref) refs->insert(*ref);
    };
    keep(world.get<wireguard::Service>().wireguard.private_key_ref);
    world.get<peers::Service>().peers.for_each([&](const Uuid&, const peers::Peer& peer) {
        keep(peer.private_key_ref);
        keep(peer.preshared_key_ref);
    });
    const auto& accounts = world.get<accounts::Service>();
    accounts.users.for_each([&](const Uuid&, const accounts::User& user) {
        keep(user.password.password_ref);
        keep(user.password.bcrypt_ref);
        keep(user.password.sha512_ref);
        keep(user.totp_ref);
        keep(user.recovery_ref);
    });
    accounts.app_passwords.for_each([&](const Uuid&, const accounts::AppPassword& app) {
        keep(app.bcrypt_ref);
        keep(app.sha512_ref);
    });
    accounts.invitations.for_each(
        [&](const Uuid&, const accounts::Invitation& invitation) { keep(invitation.hash_ref); });
    const auto& certificates = world.get<certificates::Service>();
    keep(certificates.authority.root_key_ref);
    keep(certificates.authority.intermediate_key_ref);
    certificates.certificates.for_each([&](const Uuid&, const certificates::Certificate& certificate) {
        keep(certificate.content.key_ref);
    });
    world.get<secrets::Service>().secrets.for_each(
        [&](const std::string&, const secrets::NamedSecret& secret) {
            for (const auto& version : secret.versions) keep(secrets::value_of(secret, version.number));
        });
    accounts.tokens.for_each([&](const Uuid&, const accounts::Token& token) { keep(token.hash_ref); });
    accounts.agents.for_each(
        [&](const Uuid&, const accounts::BusClient& client) { keep(client.enrolment_ref); });
    accounts.subscribers.for_each(
        [&](const Uuid&, const accounts::BusClient& client) { keep(client.enrolment_ref); });
    return [refs](const SecretRef& ref) {
        // The daemon's own secrets are named by no event.
        for (const std::string_view own : {"bus/", "log/", "cell/", "installation/"}) {
            if (ref.name.starts_with(own)) return true;
        }
        return refs->contains(ref);
    };
}

}  // namespace pic::core
