// An agent or a subscriber brings its bus key, proving the right to by the one-time token that its operator
// was given.
#include <fmt/format.h>
#include <simdjson.h>

#include "controller/api/enrolment.hpp"
#include "controller/api/handlers.hpp"
#include "projections/accounts/accounts.hpp"

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
    const auto& state = world.get<accounts::Service>();
    const auto* client =
        (who.kind == accounts::BusKind::agent ? state.agents : state.subscribers).find(who.id);
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
    const auto who = check_enrolment_token(c.cell, asked->enrolment_token);
    if (!who) return std::move(respond)(Rejection{"unauthenticated", "The enrolment token is not valid."});
    core::ChangeRequest change;
    change.commands.push_back(std::make_unique<CommandOf<accounts::EnrolBusClient>>(
        accounts::EnrolBusClient{who->id, who->kind, asked->public_key}));
    change.actor = fmt::format("{}:{}", enum_name(who->kind), to_string(who->id));
    change.source = "http";
    change.request_id = request.request_id;
    c.cell.change(
        std::move(change),
        [&c, who = *who](const core::Outcome& outcome) {
            core::Answer answer;
            answer.body = enrolled_json(c.cell, who, outcome.world);
            return answer;
        },
        [respond = std::move(respond)](Result<core::Answer> answer) mutable {
            if (!answer) return std::move(respond)(answer.error());
            std::move(respond)(http::json_response(201, std::move(answer->body)));
        });
}

}  // namespace

void add_enrolment_handlers(http::Handlers& handlers, Context& c) {
    handlers["enrol"] = [&c](const http::Request& request, http::Responder respond) {
        enrol(c, request, std::move(respond));
    };
}

}  // namespace pic::api
