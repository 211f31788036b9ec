// What the certificate authority publishes: its root, the chain of a certificate, the revocation list.
#include <fmt/format.h>

#include "controller/api/handlers.hpp"
#include "controller/authority/office.hpp"
#include "controller/authority/profile.hpp"
#include "projections/cell/cell.hpp"
#include "projections/world.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

http::Response file(std::string_view type, std::string body, std::string_view name) {
    http::Response response;
    response.content_type = type;
    response.body = std::move(body);
    response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
    return response;
}

void get_root(Context& c, const Request& request, Responder respond) {
    const auto world = c.cell.world();
    const auto& root = world->get<certificates::Service>().authority.root;
    if (!root)
        return std::move(respond)(Rejection{"not_found", "This cell has no certificate authority yet."});
    const auto format = request.query_parameter("format").value_or("pem");
    if (format == "der")
        return std::move(respond)(
            file("application/pkix-cert", authority::der_bytes(*root), "cell-root.cer"));
    if (format == "mobileconfig") {
        const auto& settings = world->get<cell::Service>().cell.settings;
        return std::move(respond)(
            file("application/x-apple-aspen-config",
                 authority::apple_profile(*root, settings.name.text, settings.domain.text),
                 "cell-root.mobileconfig"));
    }
    std::move(respond)(file("application/x-pem-file", to_pem(*root), "cell-root.pem"));
}

void get_chain(Context& c, const Request& request, Responder respond) {
    const auto world = c.cell.world();
    const auto* certificate =
        world->get<certificates::Service>().certificates.find(*parse_uuid(request.path_parameter("id")));
    if (!certificate) return std::move(respond)(Rejection{"not_found", "There is no such certificate."});
    std::move(respond)(file("application/pem-certificate-chain",
                            certificates::chain_pem(*world, *certificate), "certificate.pem"));
}

/// The list signed last. It is made anew when something was revoked, and each day.
class RevocationList {
  public:
    Result<std::string> der(Context& c, Timestamp now) {
        const std::lock_guard lock(mutex_);
        const auto world = c.cell.world();
        const auto& certificates = world->get<certificates::Service>().certificates;
        if (signed_.ms + authority::day_ms > now.ms && signed_ <= now && of_.same_as(certificates))
            return der_;
        auto made = authority::sign_crl(c.cell.vault(), *world, now);
        if (!made) return made;
        der_ = *made;
        of_ = certificates;
        signed_ = now;
        return made;
    }

  private:
    std::mutex mutex_;
    CowMap<Uuid, certificates::Certificate> of_;
    Timestamp signed_;
    std::string der_;
};

void get_crl(Context& c, RevocationList& list, const Request& request, Responder respond) {
    auto der = list.der(c, core::now());
    if (!der) return std::move(respond)(der.error());
    if (request.query_parameter("format") != "pem") {
        return std::move(respond)(file("application/pkix-crl", *std::move(der), "cell.crl"));
    }
    std::move(respond)(file("application/x-pem-file", authority::crl_pem(*der), "cell-crl.pem"));
}

}  // namespace

void add_vault_handlers(http::Handlers& handlers, Context& c) {
    handlers["getRoot"] = [&c](const Request& request, Responder respond) {
        get_root(c, request, std::move(respond));
    };
    handlers["getCertificateChain"] = [&c](const Request& request, Responder respond) {
        get_chain(c, request, std::move(respond));
    };
    // Off the server's thread: a signature over a long list takes its time.
    handlers["getRevocationList"] = [&c, list = std::make_shared<RevocationList>()](const Request& request,
                                                                                    Responder respond) {
        c.cell.post([&c, list, &request, respond = std::move(respond)]() mutable {
            get_crl(c, *list, request, std::move(respond));
        });
    };
}

}  // namespace pic::api
