#include "controller/core/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/dispatch.hpp"
#include "projections/services/services.hpp"

namespace pic::core {
namespace {

/// Whether two renderings of a service differ anywhere. Summaries are computed here, before other threads see
/// them.
bool same_files(const RenderedService& a, const RenderedService& b) {
    return std::ranges::equal(a.files, b.files, [](const auto& x, const auto& y) {
        return x.first == y.first && x.second.summary() == y.second.summary();
    });
}

Result<std::string> resolve(const vault::Vault& vault, const Nodes& nodes) {
    std::string text;
    for (const auto& node : nodes) {
        if (const auto* literal = std::get_if<std::string>(&node)) {
            text += *literal;
            continue;
        }
        const auto& ref = std::get<SecretRef>(node);
        const auto secret = vault.get(ref);
        if (!secret)
            return reject("secret_missing", fmt::format("the vault has no secret {}", to_string(ref)));
        text += secret->reveal();
    }
    return text;
}

std::string_view name_of(ApplyState state) {
    switch (state) {
        case ApplyState::applied:
            return "applied";
        case ApplyState::refused:
            return "refused";
        case ApplyState::rolled_back:
            return "rolled_back";
        case ApplyState::retrying:
            return "pending";
        case ApplyState::not_installed:
            return "not_installed";
        case ApplyState::disabled:
            return "applied";  // off, as it is wanted
    }
    return "unknown";
}

bool is_settled(const Report& report, Sequence desired) {
    return report.revision.sequence >= desired && report.state != ApplyState::retrying;
}

}  // namespace

std::string_view ServiceStatus::state() const {
    if (!enabled) return "disabled";
    if (report && report->state == ApplyState::not_installed) return "not_installed";
    if (!connected) return "unreachable";
    if (applied >= desired && desired.value != 0) return "applied";
    if (report && report->revision.sequence >= desired &&
        (report->state == ApplyState::refused || report->state == ApplyState::rolled_back)) {
        return "refused";
    }
    return "pending";
}

Publisher::Publisher(Uuid cell, Epoch epoch, vault::Vault& vault)
    : cell_(cell), epoch_(epoch), vault_(vault) {
    for (const auto name : rendering_services()) services_[std::string(name)].status.name = name;
}

/// Only the rendering thread adds revisions and replaces the world, so it reads both without the lock.
Publisher::Rendering Publisher::rendering_of(std::shared_ptr<const World> world) const {
    Rendering rendering{std::move(world), {}};
    const auto& now = *rendering.world;
    for (const auto& [name, entry] : services_) {
        const Revision* const last = entry.revisions.empty() ? nullptr : &entry.revisions.back();
        Revision next = last == nullptr ? Revision{} : *last;
        render_service(name, rendered_.get(), now, next.files);
        next.enabled = services::is_running(now, name);
        if (last != nullptr && next.enabled == last->enabled && same_files(last->files, next.files)) continue;
        for (const auto& [path, file] : next.files.files) (void)file.summary();
        next.sequence = now.sequence;
        rendering.changed.emplace_back(name, std::move(next));
    }
    return rendering;
}

void Publisher::render_ahead(std::shared_ptr<const World> world) { ahead_ = rendering_of(std::move(world)); }

std::vector<std::string> Publisher::render(std::shared_ptr<const World> world) {
    auto rendering = std::exchange(ahead_, {});
    if (rendering.world != world) rendering = rendering_of(std::move(world));
    std::vector<std::string> changed;
    std::vector<ServiceStatus> tell;
    {
        const std::lock_guard lock(mutex_);
        for (auto& [name, next] : rendering.changed) {
            auto& entry = services_.at(name);
            entry.status.desired = next.sequence;
            entry.status.enabled = next.enabled;
            entry.revisions.push_back(std::move(next));
            if (entry.revisions.size() > revisions_kept) entry.revisions.pop_front();
            tell.push_back(entry.status);
            changed.push_back(std::move(name));
        }
        rendered_ = std::move(rendering.world);
    }
    finish_waiters(std::chrono::steady_clock::now());
    if (told_) {
        for (const auto& status : tell) told_(status);
    }
    return changed;
}

Result<bus::FetchAnswer> Publisher::fetch(const std::string& service, const Position& have) const {
    Revision base, now;
    bool has_base = false;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = services_.find(service);
        if (entry == services_.end() || entry->second.revisions.empty()) {
            return reject("unknown_service", fmt::format("there is no service '{}'", service));
        }
        const auto& revisions = entry->second.revisions;
        now = revisions.back();
        const bool same_life = have.cell == cell_ && have.epoch == epoch_;
        if (same_life && have.sequence == now.sequence)
            return bus::UpToDate{service, {cell_, epoch_, now.sequence}};
        if (same_life) {
            const auto found = std::ranges::find(revisions, have.sequence, &Revision::sequence);
            has_base = found != revisions.end();
            if (has_base) base = *found;
        }
    }
    auto made = bundle(service, has_base ? &base : nullptr, now);
    if (!made) return std::unexpected(std::move(made.error()));
    return *std::move(made);
}

Result<Bundle> Publisher::bundle(const std::string& service, const Revision* base,
                                 const Revision& now) const {
    Bundle bundle{service,
                  {cell_, epoch_, now.sequence},
                  base == nullptr ? Sequence{} : base->sequence,
                  now.enabled,
                  {}};
    std::optional<Rejection> fault;
    for (const auto& [path, file] : now.files.files) {
        const RenderedFile* old = nullptr;
        if (base != nullptr) {
            const auto found = base->files.files.find(path);
            if (found != base->files.files.end()) old = &found->second;
        }
        FileChange change{path, false, old == nullptr, {}, {}, file.summary()};
        if (old != nullptr && old->summary() == change.root) continue;
        RenderedFile::diff(
            old == nullptr ? RenderedFile{} : *old, file,
            [&](const std::string& key, const RenderedFragment* was, const RenderedFragment* is) {
                if (is == nullptr) {
                    change.removals.push_back(key);
                } else if (was == nullptr || !(*was == *is)) {
                    auto text = resolve(vault_, is->nodes);
                    if (!text) {
                        fault = text.error();
                    } else {
                        change.upserts.push_back({key, is->digest, *std::move(text)});
                    }
                }
            });
        bundle.files.push_back(std::move(change));
    }
    if (base != nullptr) {
        for (const auto& [path, file] : base->files.files) {
            if (!now.files.files.contains(path)) bundle.files.push_back({path, true, false, {}, {}, {}});
        }
    }
    if (fault) return std::unexpected(std::move(*fault));
    return bundle;
}

void Publisher::report(const Report& report) {
    std::optional<ServiceStatus> tell;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = services_.find(report.service);
        if (entry == services_.end()) return;
        auto& status = entry->second.status;
        status.report = report;
        status.connected = true;
        if (report.revision.epoch == epoch_) status.applied = report.applied;
        tell = status;
    }
    finish_waiters(std::chrono::steady_clock::now());
    if (told_) told_(*tell);
}

void Publisher::connected(const std::vector<std::string>& services, bool is_there) {
    std::vector<ServiceStatus> tell;
    tell.reserve(services.size());
    {
        const std::lock_guard lock(mutex_);
        for (const auto& name : services) {
            const auto entry = services_.find(name);
            if (entry == services_.end()) continue;
            entry->second.status.connected = is_there;
            tell.push_back(entry->second.status);
        }
    }
    if (told_) {
        for (const auto& status : tell) told_(status);
    }
}

std::vector<ServiceStatus> Publisher::status() const {
    const std::lock_guard lock(mutex_);
    std::vector<ServiceStatus> all;
    all.reserve(services_.size());
    for (const auto& [name, entry] : services_) all.push_back(entry.status);
    return all;
}

std::optional<ServiceStatus> Publisher::status(const std::string& service) const {
    const std::lock_guard lock(mutex_);
    const auto entry = services_.find(service);
    if (entry == services_.end()) return std::nullopt;
    return entry->second.status;
}

void Publisher::wait(Sequence first, Sequence last, std::chrono::steady_clock::time_point deadline,
                     Waiter done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({first, last, deadline, std::move(done)});
    }
    finish_waiters(std::chrono::steady_clock::now());
}

void Publisher::tick(std::chrono::steady_clock::time_point now) { finish_waiters(now); }

/// Under the lock. Nothing while a concerned service still works on it.
std::optional<std::vector<AppliedTo>> Publisher::outcome(const Waiting& waiting, bool late) const {
    std::vector<AppliedTo> applied;
    const bool rendered = rendered_ != nullptr && rendered_->sequence >= waiting.last;
    if (!rendered && !late) return std::nullopt;
    for (const auto& [name, entry] : services_) {
        const auto& status = entry.status;
        if (status.desired < waiting.first) continue;        // untouched by this change
        if (!status.enabled && !status.connected) continue;  // it is off, and nobody is there to be concerned
        if (status.applied >= status.desired || status.applied >= waiting.last) {
            applied.push_back({name, status.applied, "applied", ""});
        } else if (status.report && is_settled(*status.report, status.desired)) {
            applied.push_back({name, status.report->revision.sequence,
                               std::string(name_of(status.report->state)), status.report->detail});
        } else if (late) {
            applied.push_back(
                {name, status.desired, "timeout", status.connected ? "" : "its agent is not connected"});
        } else {
            return std::nullopt;
        }
    }
    return applied;
}

void Publisher::finish_waiters(std::chrono::steady_clock::time_point now) {
    std::vector<std::pair<Waiter, std::vector<AppliedTo>>> ready;
    {
        const std::lock_guard lock(mutex_);
        for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
            auto result = outcome(*waiting, now >= waiting->deadline);
            if (!result) {
                ++waiting;
                continue;
            }
            ready.emplace_back(std::move(waiting->done), *std::move(result));
            waiting = waiting_.erase(waiting);
        }
    }
    for (auto& [done, applied] : ready) done(std::move(applied));
}

Artefacts Publisher::artefacts(const World& world) const {
    Artefacts files;
    std::shared_ptr<const World> before;
    {
        const std::lock_guard lock(mutex_);
        before = rendered_;
        for (const auto& [name, entry] : services_) {
            if (!entry.revisions.empty()) files[name] = entry.revisions.back().files;
        }
    }
    if (before == nullptr) return render_all(world);
    if (before->sequence != world.sequence) {
        for (const auto name : rendering_services())
            render_service(name, before.get(), world, files[std::string(name)]);
    }
    return files;
}

}  // namespace pic::core
