#include "controller/core/housekeeping.hpp"

#include <spdlog/spdlog.h>

#include <set>

#include "controller/core/supply.hpp"

namespace pic::core {

Housekeeping::Housekeeping(vault::Vault& vault, Hooks hooks) : vault_(vault), hooks_(std::move(hooks)) {}

Housekeeping::~Housekeeping() { stop(); }

void Housekeeping::start() { thread_ = std::thread([this] { run(); }); }

void Housekeeping::committed(const World& before, const World& after) {
    const auto& was = before.get<peers::Service>().peers;
    const auto& is = after.get<peers::Service>().peers;
    const auto& old_key = before.get<wireguard::Service>().wireguard.private_key_ref;
    const bool rotated = old_key && old_key != after.get<wireguard::Service>().wireguard.private_key_ref;
    if (was.same_as(is) && !rotated) return;
    const std::lock_guard lock(mutex_);
    if (rotated) refs_.push_back(*old_key);
    CowMap<Uuid, peers::Peer>::diff(was, is, [&](const Uuid& id, const peers::Peer* old, const peers::Peer* now) {
        if (old == nullptr) return;
        if (now == nullptr) {
            subjects_.push_back(peers::subject_of(id));
            return;
        }
        if (old->private_key_ref && old->private_key_ref != now->private_key_ref) refs_.push_back(*old->private_key_ref);
        if (old->preshared_key_ref && old->preshared_key_ref != now->preshared_key_ref) refs_.push_back(*old->preshared_key_ref);
    });
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
    spdlog::warn("vault_unwritable: superfluous secrets could not be destroyed, it will be tried again: {}", ok.error().detail);
    const std::lock_guard lock(mutex_);
    subjects_.insert(subjects_.end(), subjects.begin(), subjects.end());
    refs_.insert(refs_.end(), refs.begin(), refs.end());
}

void Housekeeping::expire() {
    const auto world = hooks_.world();
    const auto now = core::now();
    world->get<peers::Service>().peers.for_each([&](const Uuid& id, const peers::Peer& peer) {
        if (peer.settings.enabled && peer.settings.expires_at && *peer.settings.expires_at <= now) hooks_.expire(id);
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
    accounts.users.for_each([&](const Uuid&, const accounts::User& user) { keep(user.password_ref); });
    accounts.tokens.for_each([&](const Uuid&, const accounts::Token& token) { keep(token.hash_ref); });
    accounts.agents.for_each([&](const Uuid&, const accounts::BusClient& client) { keep(client.enrolment_ref); });
    accounts.subscribers.for_each([&](const Uuid&, const accounts::BusClient& client) { keep(client.enrolment_ref); });
    return [refs](const SecretRef& ref) {
        // The daemon's own secrets are named by no event.
        for (const std::string_view own : {"bus/", "log/", "cell/", "installation/"}) {
            if (ref.name.starts_with(own)) return true;
        }
        return refs->contains(ref);
    };
}

}  // namespace pic::core
