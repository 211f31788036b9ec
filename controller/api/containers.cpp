// The stack's containers, by way of the broker, which is the only one that may speak with Docker.
#include <spdlog/spdlog.h>

#include "controller/api/handlers.hpp"
#include "controller/broker/client.hpp"

namespace pic::api {
namespace {

using broker::Verb;
using http::Request;
using http::Responder;

http::Handler handler(Context& c, Verb verb) {
    return [&c, verb](const Request& request, Responder respond) {
        broker::Request asked{.verb = verb, .container = std::string(request.path_parameter("name"))};
        if (const auto tail = request.query_number("tail")) asked.tail = static_cast<unsigned>(*tail);
        if (verb == Verb::start || verb == Verb::stop || verb == Verb::restart) {
            spdlog::info("containers: {} {} for {}", to_string(verb), asked.container,
                         request.principal->actor);
        }
        c.cell.post([&c, asked = std::move(asked), respond = std::move(respond)]() mutable {
            auto answer = c.containers.ask(asked);
            if (!answer) return std::move(respond)(answer.error());
            std::move(respond)(http::json_response(200, *std::move(answer)));
        });
    };
}

}  // namespace

void add_container_handlers(http::Handlers& handlers, Context& c) {
    handlers["listContainers"] = handler(c, Verb::list);
    handlers["startContainer"] = handler(c, Verb::start);
    handlers["stopContainer"] = handler(c, Verb::stop);
    handlers["restartContainer"] = handler(c, Verb::restart);
    handlers["getContainerLogs"] = handler(c, Verb::logs);
    handlers["getContainerStats"] = handler(c, Verb::stats);
}

}  // namespace pic::api
