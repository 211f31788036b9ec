// The cell's own certificate authority: what it has issued and taken back. Certificates are public, so they
// are in the log whole; private keys are references into the vault. Making keys and signing is done at the
// edge (controller/authority/), before the command is decided: here is the policy, and the record.
//
// Whatever is undone or restored, an issued certificate stays issued and a revoked one revoked: others have
// seen them.
#pragma once

#include "projections/core/item.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
}  // namespace pic

namespace pic::certificates {

/// Why a certificate was taken back: the names of RFC 5280 5.3.1 that an end entity can have.
enum class Reason {
    unspecified,
    key_compromise,
    affiliation_changed,
    superseded,
    cessation_of_operation,
    privilege_withdrawn
};
constexpr std::array<std::string_view, 6> enum_names(Reason) {
    return {"unspecified", "key_compromise",         "affiliation_changed",
            "superseded",  "cessation_of_operation", "privilege_withdrawn"};
}

enum class Purpose { server, client };
constexpr std::array<std::string_view, 2> enum_names(Purpose) { return {"server", "client"}; }

struct Authority {
    std::optional<CertificateDer> root, intermediate;  ///< none before they are made
    std::optional<SecretRef> root_key_ref;  ///< PKCS#8 PEM; none while the root's key is kept elsewhere
    std::optional<SecretRef> intermediate_key_ref;
    StreamVersion version;
    Timestamp created_at;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("root", s.root), field("intermediate", s.intermediate),
                          field("root_key_ref", s.root_key_ref),
                          field("intermediate_key_ref", s.intermediate_key_ref), field("version", s.version),
                          field("created_at", s.created_at));
    }
};

/// What a certificate says, and where its key is.
struct Content {
    Purpose purpose = Purpose::server;
    std::optional<Label> service;   ///< made by the cell itself for one of its services
    std::string subject;            ///< the common name
    std::vector<std::string> sans;  ///< host names (the first label may be "*"), addresses, e-mail addresses
    Timestamp not_before, not_after;
    std::string serial;  ///< lower-case hexadecimal
    CertificateDer der;
    std::optional<SecretRef>
        key_ref;  ///< PKCS#8 PEM, "certificate/<id>/key"; none where a request brought the public key
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("purpose", s.purpose), field("service", s.service),
                          field("subject", s.subject), field("sans", s.sans),
                          field("not_before", s.not_before), field("not_after", s.not_after),
                          field("serial", s.serial), field("der", s.der), field("key_ref", s.key_ref));
    }
};

struct Certificate {
    Uuid id;
    Content content;
    std::optional<Timestamp> revoked_at;
    std::optional<Reason> revoked_reason;
    StreamVersion version;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(
            std::tuple(field("id", s.id)), Content::fields(s.content),
            std::tuple(field("revoked_at", s.revoked_at), field("revoked_reason", s.revoked_reason),
                       field("version", s.version)));
    }
};
inline Uuid key_of(const Certificate& certificate) { return certificate.id; }

struct State {
    Authority authority;
    CowMap<Uuid, Certificate> certificates;
    CowMap<std::string, Uuid> by_service;  ///< index: the newest that is not revoked
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("authority", s.authority), field("certificates", s.certificates));
    }
};

// --- events

struct AuthorityMade {
    static constexpr std::string_view type = "AuthorityMade";
    static constexpr int schema_version = 1;
    CertificateDer root, intermediate;
    SecretRef root_key_ref, intermediate_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("root", s.root), field("intermediate", s.intermediate),
                          field("root_key_ref", s.root_key_ref),
                          field("intermediate_key_ref", s.intermediate_key_ref));
    }
};

/// The root's key was handed out to be kept elsewhere, and is no longer in the vault.
struct RootKeyTakenOffline {
    static constexpr std::string_view type = "RootKeyTakenOffline";
    static constexpr int schema_version = 1;
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

/// The intermediate lives on: the same key under a new certificate of the root, so that everything it signed
/// stays good.
struct IntermediateRenewed {
    static constexpr std::string_view type = "IntermediateRenewed";
    static constexpr int schema_version = 1;
    CertificateDer intermediate;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("intermediate", s.intermediate));
    }
};

struct CertificateIssued {
    static constexpr std::string_view type = "CertificateIssued";
    static constexpr int schema_version = 1;
    Uuid id;
    Content content;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple_cat(std::tuple(field("id", s.id)), Content::fields(s.content));
    }
};

struct CertificateRevoked {
    static constexpr std::string_view type = "CertificateRevoked";
    static constexpr int schema_version = 1;
    Uuid id;
    Reason reason = Reason::unspecified;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), field("reason", s.reason));
    }
};

// --- commands. What is signed and sealed comes from the caller.

struct MakeAuthority {
    static constexpr std::string_view type = "MakeAuthority";
    CertificateDer root, intermediate;
    SecretRef root_key_ref, intermediate_key_ref;
    template <class Self>
    static auto fields(Self& s) {
        return AuthorityMade::fields(s);
    }
};

struct TakeRootKeyOffline {
    static constexpr std::string_view type = "TakeRootKeyOffline";
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct RenewIntermediate {
    static constexpr std::string_view type = "RenewIntermediate";
    CertificateDer intermediate;
    template <class Self>
    static auto fields(Self& s) {
        return IntermediateRenewed::fields(s);
    }
};

struct IssueCertificate {
    static constexpr std::string_view type = "IssueCertificate";
    Uuid id;
    Content content;
    template <class Self>
    static auto fields(Self& s) {
        return CertificateIssued::fields(s);
    }
};

struct RevokeCertificate {
    static constexpr std::string_view type = "RevokeCertificate";
    Uuid id;
    Reason reason = Reason::unspecified;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("id", s.id), defaulted("reason", s.reason));
    }
};

struct Service {
    static constexpr std::string_view name = "certificates";
    static constexpr std::string_view area = "vault";
    static constexpr bool renders = false;
    using State = certificates::State;
    using Events = TypeList<AuthorityMade, RootKeyTakenOffline, IntermediateRenewed, CertificateIssued,
                            CertificateRevoked>;
    using Commands =
        TypeList<MakeAuthority, TakeRootKeyOffline, RenewIntermediate, IssueCertificate, RevokeCertificate>;
    template <class S>
    static auto resources(S& state) {
        return std::tuple(singleton("authority", state.authority),
                          collection("certificates", state.certificates));
    }
};

[[nodiscard]] std::string stream_of(const Uuid& id);

[[nodiscard]] Result<Decision> decide(const World& world, const MakeAuthority& command);
[[nodiscard]] Result<Decision> decide(const World& world, const TakeRootKeyOffline& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RenewIntermediate& command);
[[nodiscard]] Result<Decision> decide(const World& world, const IssueCertificate& command);
[[nodiscard]] Result<Decision> decide(const World& world, const RevokeCertificate& command);

void evolve(State& state, const AuthorityMade& event, const Meta& meta);
void evolve(State& state, const RootKeyTakenOffline& event, const Meta& meta);
void evolve(State& state, const IntermediateRenewed& event, const Meta& meta);
void evolve(State& state, const CertificateIssued& event, const Meta& meta);
void evolve(State& state, const CertificateRevoked& event, const Meta& meta);
void reindex(State& state);

// --- the policy

inline constexpr std::size_t sans_limit = 32;

/// What this cell's authority vouches for, and nothing else: names at or below the cell's domain (the first
/// label may be a wildcard), private addresses, and of clients the e-mail addresses of its people. Rejection:
/// name_not_allowed, with the pointer "/sans/<i>" of each.
[[nodiscard]] Result<void> check_names(const World& world, Purpose purpose,
                                       const std::vector<std::string>& sans);
/// The common name of a server is one of its names; that of a client also may be a person's or a device's.
/// Rejection: name_not_allowed, "/subject".
[[nodiscard]] Result<void> check_subject(const World& world, Purpose purpose, const std::string& subject,
                                         const std::vector<std::string>& sans);

/// A service of the cell that serves TLS, and the names that it is called by.
struct Wanted {
    Label service;
    std::vector<std::string> names;  ///< the first is the subject
};
/// "proxy": the domain and everything one level below it; "mail": mail., imap. and smtp.; "cell": pic.
/// (picd's own HTTPS).
[[nodiscard]] std::vector<Wanted> wanted_certificates(const World& world);

// --- what services render

/// The newest certificate of one of the cell's services that is not revoked; null before there is one.
[[nodiscard]] const Certificate* for_service(const World& world, std::string_view service);
/// The certificate and the intermediate, in PEM: what a server sends.
[[nodiscard]] std::string chain_pem(const World& world, const Certificate& certificate);
/// The root in PEM: what a client trusts. Empty before there is one.
[[nodiscard]] std::string root_pem(const World& world);

}  // namespace pic::certificates
