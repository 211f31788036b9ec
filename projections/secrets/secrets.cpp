#include "projections/secrets/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::secrets {
namespace {

constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;

std::string stream_of(std::string_view name) { return "secret-" + std::string(name); }

Decision about(const Label& name, bool removed = false) {
    Decision decision;
    decision.resource = {"secrets", name.text, stream_of(name.text), removed};
    return decision;
}

std::unexpected<Rejection> missing(const Label& name) {
    return reject("not_found", fmt::format("there is no secret '{}'", name.text));
}

void add_version(NamedSecret& secret, const SecretRef& value, Timestamp at) {
    secret.value_ref = value;
    secret.versions.push_back({value.version, at});
    if (secret.versions.size() > versions_kept) secret.versions.erase(secret.versions.begin());
}

}  // namespace

std::string subject_of(const Uuid& id) { return "secret/" + to_string(id); }

const NamedSecret* find(const World& world, std::string_view name) {
    return world.get<Service>().secrets.find(name);
}

std::optional<SecretRef> value_of(const NamedSecret& secret, std::uint32_t number) {
    if (number == 0) return secret.value_ref;
    if (std::ranges::find(secret.versions, number, &Version::number) == secret.versions.end())
        return std::nullopt;
    return SecretRef{secret.value_ref.name, number};
}

std::optional<Timestamp> rotation_due(const NamedSecret& secret) {
    if (!secret.profile.rotate_days) return std::nullopt;
    return Timestamp{secret.versions.back().created_at.ms + *secret.profile.rotate_days * day_ms};
}

Result<Decision> decide(const World& world, const AddSecret& command) {
    if (find(world, command.name.text) != nullptr) {
        return reject("name_taken", fmt::format("there is a secret '{}' already", command.name.text),
                      {{"/name", "this name is taken"}});
    }
    if (world.get<Service>().secrets.size() >= secrets_limit)
        return reject("too_many", fmt::format("at most {} secrets are kept", secrets_limit));
    auto decision = about(command.name);
    decision.emit(stream_of(command.name.text),
                  SecretAdded{command.id, command.name, command.profile, command.value_ref});
    return decision;
}

Result<Decision> decide(const World& world, const SetSecret& command) {
    const auto* secret = find(world, command.name.text);
    if (secret == nullptr) return missing(command.name);
    if (command.value_ref && command.value_ref->name != secret->value_ref.name)
        return reject("conflict", "the secret was removed and made anew meanwhile; look at it again");
    auto decision = about(command.name);
    auto after = secret->profile;
    apply_patch(after, command.changes);
    auto changes = difference(secret->profile, after);
    if (is_empty(changes) && !command.value_ref) return decision;
    decision.emit(stream_of(command.name.text),
                  SecretChanged{command.name, std::move(changes), command.value_ref});
    return decision;
}

Result<Decision> decide(const World& world, const RevealSecret& command) {
    const auto* secret = find(world, command.name.text);
    if (secret == nullptr) return missing(command.name);
    if (!value_of(*secret, command.number))
        return reject("not_found",
                      fmt::format("version {} of '{}' is not kept", command.number, command.name.text));
    auto decision = about(command.name);
    decision.emit(stream_of(command.name.text), SecretRevealed{command.name, command.number});
    return decision;
}

Result<Decision> decide(const World& world, const RemoveSecret& command) {
    if (find(world, command.name.text) == nullptr) return missing(command.name);
    auto decision = about(command.name, true);
    decision.emit(stream_of(command.name.text), SecretRemoved{command.name});
    return decision;
}

void evolve(State& state, const SecretAdded& event, const Meta& meta) {
    NamedSecret secret{event.id, event.name, event.profile, {}, {}, std::nullopt, meta.at, meta.version};
    add_version(secret, event.value_ref, meta.at);
    state.secrets.assign(event.name.text, std::move(secret));
}

void evolve(State& state, const SecretChanged& event, const Meta& meta) {
    NamedSecret* secret = state.secrets.edit(event.name.text);
    if (secret == nullptr) return;
    apply_patch(secret->profile, event.changes);
    if (event.value_ref) add_version(*secret, *event.value_ref, meta.at);
    secret->version = meta.version;
}

void evolve(State& state, const SecretRevealed& event, const Meta& meta) {
    NamedSecret* secret = state.secrets.edit(event.name.text);
    if (secret == nullptr) return;
    secret->revealed_at = meta.at;
    secret->version = meta.version;
}

void evolve(State& state, const SecretRemoved& event, const Meta&) { state.secrets.erase(event.name.text); }

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    using Map = CowMap<std::string, NamedSecret>;
    Map::diff(now.get<Service>().secrets, target.get<Service>().secrets,
              [&](const std::string& name, const NamedSecret* is, const NamedSecret* then) {
                  if (is == nullptr || then == nullptr || is->id != then->id) return;
                  auto changes = difference(is->profile, then->profile);
                  if (is_empty(changes) || !out.wants(stream_of(name))) return;
                  out.add(stream_of(name), SetSecret{is->name, std::move(changes), std::nullopt});
              });
}

void go_forward(Service, const World& restored, Forwarder& out) {
    restored.get<Service>().secrets.for_each([&](const std::string&, const NamedSecret& secret) {
        if (!out.has(secret.value_ref)) out.add(RemoveSecret{secret.name});
    });
}

}  // namespace pic::secrets
