// A peer's config for its device: as text, as a QR code, by a link that works once. A generated private key
// leaves the vault by one of these, and is then dropped unless it was asked to be kept.
#include <fmt/format.h>
#include <simdjson.h>

#include "controller/api/commit.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/media_types.hpp"
#include "controller/api/peer_links.hpp"
#include "controller/api/qr_image.hpp"
#include "projections/peers/peers.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::int64_t default_lifetime_ms = 3'600'000;

enum class Form { text, svg, png };

/// The first of our media types that Accept names, by its order (a client that wants an image asks for
/// nothing else).
std::optional<Form> form_of(std::string_view accept) {
    if (accept.empty()) return Form::text;
    while (!accept.empty()) {
        auto one = accept.substr(0, accept.find(','));
        accept.remove_prefix(std::min(one.size() + 1, accept.size()));
        one = one.substr(0, one.find(';'));
        while (one.starts_with(' ')) one.remove_prefix(1);
        if (one == "image/svg+xml") return Form::svg;
        if (one == "image/png") return Form::png;
        if (one == "text/plain" || one == "text/*" || one == "*/*") return Form::text;
    }
    return std::nullopt;
}

Result<std::string> config_text(core::Cell& cell, const World& world, const peers::Peer& peer) {
    std::string text;
    for (const auto& node : peers::client_config(world, peer)) {
        if (const auto* literal = std::get_if<std::string>(&node)) {
            text += *literal;
            continue;
        }
        const auto secret = cell.vault().get(std::get<SecretRef>(node));
        if (!secret) return reject("secret_missing", "The vault does not hold this peer's key any more.");
        text += secret->reveal();
    }
    return text;
}

Result<http::Response> in_form(std::string text, Form form) {
    http::Response response;
    response.content_type = form == Form::svg   ? "image/svg+xml"
                            : form == Form::png ? "image/png"
                                                : plain_text;
    if (form == Form::text) {
        response.body = std::move(text);
        return response;
    }
    auto image = form == Form::svg ? qr_svg(text) : qr_png(text);
    if (!image) return reject("not_acceptable", "The config is too long for a QR code.");
    response.body = *std::move(image);
    return response;
}

/// Answers with the config. A key that leaves for good is dropped first, so that no two answers can hold it.
void serve_config(Context& c, const Uuid& id, Form form, const Request& request, Responder respond) {
    const auto world = c.cell.world();
    const auto* peer = world->get<peers::Service>().peers.find(id);
    if (!peer) return std::move(respond)(Rejection{"not_found", "There is no such peer."});
    auto text = config_text(c.cell, *world, *peer);
    if (!text) return std::move(respond)(text.error());
    auto response = in_form(*std::move(text), form);
    if (!response) return std::move(respond)(response.error());
    if (!peer->private_key_ref || peer->settings.keep_key || request.method == http::Method::head) {
        return std::move(respond)(*std::move(response));
    }
    core::ChangeRequest change;
    change.commands.push_back(std::make_unique<CommandOf<peers::DropPeerKey>>(peers::DropPeerKey{id}));
    change.if_match = peer->version;
    sign(change, request.principal ? request.principal->actor : "link", request);
    c.cell.change(
        std::move(change), [](const core::Outcome&) { return core::Answer{}; },
        [response = *std::move(response), respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) return std::move(respond)(answer.error());
            std::move(respond)(std::move(response));
        });
}

void get_config(Context& c, const Request& request, Responder respond) {
    const auto form = form_of(request.header("Accept"));
    if (!form)
        return std::move(respond)(
            Rejection{"not_acceptable", "There is text/plain, image/svg+xml and image/png."});
    serve_config(c, *parse_uuid(request.path_parameter("id")), *form, request, std::move(respond));
}

void make_link(Context& c, PeerLinks& links, const Request& request, Responder respond) {
    const auto id = *parse_uuid(request.path_parameter("id"));
    if (!c.cell.world()->get<peers::Service>().peers.contains(id)) {
        return std::move(respond)(Rejection{"not_found", "There is no such peer."});
    }
    simdjson::dom::parser parser;
    std::int64_t seconds = default_lifetime_ms / 1000;
    if (parser.parse(request.body.data(), request.body.size())["expires_in"].get(seconds) !=
        simdjson::SUCCESS) {
        seconds = default_lifetime_ms / 1000;
    }
    const auto made = links.make(id, seconds * 1000, core::now());
    if (!made) return std::move(respond)(made.error());
    std::move(respond)(
        http::json_response(201, fmt::format(R"({{"path":"{}/links/{}","expires_at":"{}"}})", http::base_path,
                                             made->token, to_string(made->expires_at))));
}

void use_link(Context& c, PeerLinks& links, const Request& request, Responder respond) {
    // HEAD must not use it up: programs that look at links before people do send it.
    const auto peer =
        links.find(request.path_parameter("token"), core::now(), request.method != http::Method::head);
    if (!peer)
        return std::move(respond)(
            Rejection{"not_found", "This link has been used, has expired, or never was."});
    serve_config(c, *peer, Form::text, request, std::move(respond));
}

}  // namespace

void add_peer_handlers(http::Handlers& handlers, Context& c) {
    const auto links = std::make_shared<PeerLinks>();
    handlers["getPeerConfig"] = [&c](const Request& request, Responder respond) {
        get_config(c, request, std::move(respond));
    };
    handlers["makePeerLink"] = [&c, links](const Request& request, Responder respond) {
        make_link(c, *links, request, std::move(respond));
    };
    handlers["usePeerLink"] = [&c, links](const Request& request, Responder respond) {
        use_link(c, *links, request, std::move(respond));
    };
}

}  // namespace pic::api
