#include "projections/certificates/chain.hpp"

#include <fmt/format.h>

#include "projections/world.hpp"

namespace pic::certificates {
namespace {

constexpr std::string_view authority_stream = "authority";

const State& state_of(const World& world) { return world.get<Service>(); }

Decision about(const Uuid& id) {
    Decision decision;
    decision.resource = {"certificates", to_string(id), stream_of(id)};
    return decision;
}

Decision about_authority() {
    Decision decision;
    decision.resource = {"authority", "", std::string(authority_stream)};
    return decision;
}

/// A newer one takes the place of an older one, whatever order they are met in.
void index(State& state, const Certificate& certificate) {
    const auto& service = certificate.content.service;
    if (!service || certificate.revoked_at) return;
    const auto* known = state.by_service.find(service->text);
    const auto* before = known == nullptr ? nullptr : state.certificates.find(*known);
    if (before == nullptr || before->content.not_before <= certificate.content.not_before) {
        state.by_service.assign(service->text, certificate.id);
    }
}

}  // namespace

std::string stream_of(const Uuid& id) { return "certificate-" + to_string(id); }

Result<Decision> decide(const World& world, const MakeAuthority& command) {
    if (state_of(world).authority.root)
        return reject("authority_exists", "this cell has its certificate authority already");
    auto decision = about_authority();
    decision.emit(std::string(authority_stream),
                  AuthorityMade{command.root, command.intermediate, command.root_key_ref,
                                command.intermediate_key_ref});
    return decision;
}

Result<Decision> decide(const World& world, const TakeRootKeyOffline&) {
    if (!state_of(world).authority.root_key_ref)
        return reject("root_key_offline", "the root's key is not in the vault");
    auto decision = about_authority();
    decision.emit(std::string(authority_stream), RootKeyTakenOffline{});
    return decision;
}

Result<Decision> decide(const World& world, const RenewIntermediate& command) {
    if (!state_of(world).authority.root)
        return reject("no_authority", "this cell has no certificate authority yet");
    auto decision = about_authority();
    decision.emit(std::string(authority_stream), IntermediateRenewed{command.intermediate});
    return decision;
}

Result<Decision> decide(const World& world, const IssueCertificate& command) {
    if (!state_of(world).authority.root)
        return reject("no_authority", "this cell has no certificate authority yet");
    const auto& content = command.content;
    auto ok = check_names(world, content.purpose, content.sans);
    if (ok) ok = check_subject(world, content.purpose, content.subject, content.sans);
    if (!ok) return std::unexpected(ok.error());
    auto decision = about(command.id);
    decision.emit(stream_of(command.id), CertificateIssued{command.id, command.content});
    return decision;
}

Result<Decision> decide(const World& world, const RevokeCertificate& command) {
    const auto* certificate = state_of(world).certificates.find(command.id);
    if (certificate == nullptr) return missing("certificate", command.id);
    if (certificate->revoked_at)
        return reject("already_revoked", "this certificate has been revoked already, for ever");
    auto decision = about(command.id);
    decision.emit(stream_of(command.id), CertificateRevoked{command.id, command.reason});
    return decision;
}

void evolve(State& state, const AuthorityMade& event, const Meta& meta) {
    state.authority = {event.root,         event.intermediate,
                       event.root_key_ref, event.intermediate_key_ref,
                       meta.version,       meta.at};
}

void evolve(State& state, const RootKeyTakenOffline&, const Meta& meta) {
    state.authority.root_key_ref.reset();
    state.authority.version = meta.version;
}

void evolve(State& state, const IntermediateRenewed& event, const Meta& meta) {
    state.authority.intermediate = event.intermediate;
    state.authority.version = meta.version;
}

void evolve(State& state, const CertificateIssued& event, const Meta& meta) {
    Certificate certificate{event.id, event.content, {}, {}, meta.version};
    index(state, certificate);
    state.certificates.assign(event.id, std::move(certificate));
}

void evolve(State& state, const CertificateRevoked& event, const Meta& meta) {
    Certificate* certificate = state.certificates.edit(event.id);
    if (certificate == nullptr) return;
    certificate->revoked_at = meta.at;
    certificate->revoked_reason = event.reason;
    certificate->version = meta.version;
    const auto& service = certificate->content.service;
    if (!service) return;
    // The one before, if it still stands, is in service again until a new one is made.
    state.by_service.erase(service->text);
    state.certificates.for_each([&](const Uuid&, const Certificate& other) {
        if (other.content.service == service) index(state, other);
    });
}

void reindex(State& state) {
    state.by_service.clear();
    state.certificates.for_each(
        [&](const Uuid&, const Certificate& certificate) { index(state, certificate); });
}

const Certificate* for_service(const World& world, std::string_view service) {
    const auto* id = state_of(world).by_service.find(service);
    return id == nullptr ? nullptr : state_of(world).certificates.find(*id);
}

std::string chain_pem(const World& world, const Certificate& certificate) {
    return to_pem(certificate.content.der) + to_pem(*state_of(world).authority.intermediate);
}

ChainStamp chain_stamp(const World& world, std::string_view service) {
    const auto* certificate = for_service(world, service);
    return {certificate == nullptr ? Uuid{} : certificate->id, state_of(world).authority.version};
}

std::string root_pem(const World& world) {
    const auto& authority = state_of(world).authority;
    return authority.root ? to_pem(*authority.root) : std::string();
}

}  // namespace pic::certificates
