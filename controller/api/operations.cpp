// Restart and reapply: asked of the service's agent (controller/core/operations.hpp), and of nobody's past or
// future. Who asked stands in the access log.
#include <fmt/format.h>

#include "bus/names.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/queries.hpp"
#include "controller/api/sign_in.hpp"
#include "controller/http/handlers/generic.hpp"
#include "schema/record.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

http::Handler operation_handler(Context& c, Operation::Kind kind) {
    return [&c, kind](const Request& request, Responder respond) {
        const auto asked = c.cell.operate(std::string(request.path_parameter("service")), kind);
        if (!asked) return std::move(respond)(asked.error());
        note(c, request, "service_operation", request.principal->actor,
             fmt::format("{} {}", bus::name_of(kind), asked->what.service));
        const auto wait = http::read_wait(request.header("Prefer"));
        if (!wait) return std::move(respond)(http::json_response(202, operation_json(*asked)));
        c.cell.operations().wait(
            asked->what, std::chrono::steady_clock::now() + *wait,
            [respond = std::move(respond)](const core::OperationStatus& now) mutable {
                const bool open = now.state == core::OperationStatus::State::asked;
                std::move(respond)(http::json_response(open ? 202 : 200, operation_json(now)));
            });
    };
}

}  // namespace

std::string operation_json(const core::OperationStatus& operation) {
    std::string out = fmt::format(R"({{"id":"{}","service":)", to_string(operation.what.id));
    write_json_string(out, operation.what.service);
    out += fmt::format(R"(,"kind":"{}","state":"{}","detail":)", bus::name_of(operation.what.kind),
                       core::name_of(operation.state));
    write_json_string(out, operation.detail);
    out += R"(,"asked_at":)";
    write_json(out, operation.asked_at);
    out += R"(,"ended_at":)";
    write_json(out, operation.ended_at);
    return out + "}";
}

void add_operation_handlers(http::Handlers& handlers, Context& c) {
    handlers["restartService"] = operation_handler(c, Operation::Kind::restart);
    handlers["reapplyService"] = operation_handler(c, Operation::Kind::reapply);
}

}  // namespace pic::api
