// One rendered file, as people read it: secrets by reference.
#include "controller/api/fault.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/media_types.hpp"
#include "projections/dispatch.hpp"
#include "projections/stack/stack.hpp"

namespace pic::api {
namespace {

http::Response artefact(core::Cell& cell, const World& world, const http::Request& request) {
    const auto service = request.path_parameter("service");
    const std::string path(request.path_parameter("path"));
    http::Response response;
    response.seq = world.sequence;
    if (service == "cell" && path == "cell_config.json") {
        response.body = cell_config(world);
        return response;
    }
    if (const auto env = stack::environment(world); service == "cell" && path == ".env" && !env.empty()) {
        response.content_type = plain_text;
        response.body = env;
        return response;
    }
    if (is_rendering_service(service)) {
        const auto artefacts = cell.publisher().artefacts(world);
        const auto& files = artefacts.at(std::string(service)).files;
        if (const auto found = files.find(path); found != files.end()) {
            response.content_type = plain_text;
            response.body = picture(found->second);
            return response;
        }
    }
    return http::problem({"not_found", "There is no such artefact."}, request.request_id);
}

void get_artefact(Context& c, const http::Request& request, http::Responder respond) {
    const auto at = request.query_number("at");
    c.cell.post([&c, &request, at, respond = std::move(respond)]() mutable {
        try {
            const auto world = at ? c.cell.history().at(Sequence{*at})
                                  : Result<std::shared_ptr<const World>>(c.cell.world());
            if (!world) return std::move(respond)(world.error());
            std::move(respond)(artefact(c.cell, **world, request));
        } catch (const std::exception& error) {
            std::move(respond)(fault(error));
        }
    });
}

}  // namespace

void add_artefact_handlers(http::Handlers& handlers, Context& c) {
    handlers["getArtefact"] = [&c](const http::Request& request, http::Responder respond) {
        get_artefact(c, request, std::move(respond));
    };
}

}  // namespace pic::api
