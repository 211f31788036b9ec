// An agent or a subscriber brings its bus key, proving the right to by the one-time token that its operator
// was given. An answer may be lost on its way, and the token is spent by then: so the change has an
// idempotency key, the token's digest, and whoever brings the same token with the same key is told the same
// again for as long as the log remembers answers. (To keep the token good for a while was rejected: then any
// key could be brought with it.)
#include <fmt/format.h>
#include <simdjson.h>

#include "controller/api/commit.hpp"
#include "controller/api/enrolment.hpp"
#include "controller/api/handlers.hpp"
#include "projections/accounts/accounts.hpp"
#include "schema/sha256.hpp"

namespace pic::api {
namespace {

struct Enrol {
    std::string enrolment_token, public_key;
    template <class Self>
    static auto fields(Self& s) {
        return std::tuple(field("enrolment_token", s.enrolment_token), field("public_key", s.public_key));
    }
};

Result<Enrol> read(const http::Request& request) {
    simdjson::dom::parser parser;
    simdjson::dom::element json;
    if (parser.parse(request.body.data(), request.body.size()).get(json) != simdjson::SUCCESS) {
        return reject("malformed_json", "the body is no JSON");
    }
    return from_json<Enrol>(json);
}

/// Enrolled of the document.
std::string enrolled_json(core::Cell& cell, const Invitation& who, const World& world) {
    const auto* client = client_of(world, who);
    std::string out = "{\"id\":";
    write_json(out, who.id);
    out += ",\"services\":";
    write_json(out, client ? client->services : std::vector<std::string>{});
    out += fmt::format(",\"bus_port\":{},\"server_public_key\":", cell.bus_port());
    write_json_string(out, cell.bus_public_key());
    out += ",\"cell\":";
    write_json(out, cell.store().head().cell);
    return out + '}';
}

void enrol(Context& c, const http::Request& request, http::Responder respond) {
    const auto asked = read(request);
    if (!asked) return std::move(respond)(asked.error());
    // Malformed, unknown, used or wrong: which one is nobody's business.
    const Rejection refused{"unauthenticated", "The enrolment token is not valid."};
    const auto who = named_in(asked->enrolment_token);
    if (!who) return std::move(respond)(refused);
    core::ChangeRequest change;
    if (!opens(c.cell, *who, asked->enrolment_token)) {
        const auto world = c.cell.world();
        const auto* client = client_of(*world, *who);
        if (client == nullptr || client->public_key != asked->public_key) return std::move(respond)(refused);
        change.refused = refused;  // unless the log remembers that it answered this
    }
    change.commands.push_back(std::make_unique<CommandOf<accounts::EnrolBusClient>>(
        accounts::EnrolBusClient{who->id, who->kind, asked->public_key}));
    sign(change, fmt::format("{}:{}", enum_name(who->kind), to_string(who->id)), request);
    change.key = log::IdempotencyScope{change.actor, "", "enrol", to_hex(sha256(asked->enrolment_token))};
    change.request_body = sha256(asked->public_key);
    c.cell.change(
        std::move(change), [](const core::Outcome&) { return core::Answer{}; },
        [&c, who = *who, refused, respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) {
                const bool other_key = answer.error().code == "idempotency_mismatch";  // both came at once
                return std::move(respond)(other_key ? refused : answer.error());
            }
            std::move(respond)(http::json_response(201, enrolled_json(c.cell, who, *c.cell.world())));
        });
}

}  // namespace

void add_enrolment_handlers(http::Handlers& handlers, Context& c) {
    handlers["enrol"] = [&c](const http::Request& request, http::Responder respond) {
        enrol(c, request, std::move(respond));
    };
}

}  // namespace pic::api
