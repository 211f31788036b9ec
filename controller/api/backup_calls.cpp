// The cell as one encrypted file, out and in. Both take long, so they run on a worker thread.
#include <fmt/format.h>

#include "controller/api/handlers.hpp"
#include "controller/backup/backup.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

vault::Secret passphrase_of(const Request& request) {
    return vault::Secret::copy_of(request.header("Pic-Passphrase"));
}

http::Response make_backup(Context& c, const Request& request) {
    const auto work = c.spool / fmt::format("backup-{}", to_string(core::new_uuid()));
    const auto archive = work.string() + ".pic";
    const auto made =
        backup::create_backup({c.log_for_backup, c.cell.vault(), work}, archive, passphrase_of(request));
    if (!made) return http::problem(made.error(), request.request_id);
    http::Response response;
    response.content_type = "application/octet-stream";
    response.file = archive;
    response.headers.emplace_back("Content-Disposition", R"(attachment; filename="cell.picbackup")");
    return response;
}

http::Response restore(Context& c, const Request& request) {
    if (request.body_file.empty())
        return http::problem({"backup_not_an_archive", "no archive was sent"}, request.request_id);
    const auto passphrase = passphrase_of(request);
    const auto epoch =
        c.restore({request.body_file, passphrase, request.principal->actor, request.request_id});
    if (!epoch) return http::problem(epoch.error(), request.request_id);
    return http::json_response(
        200, fmt::format(R"({{"epoch":{},"detail":"The backup is in place; the daemon starts anew."}})",
                         epoch->value));
}

http::Response guarded(http::Response (*work)(Context&, const Request&), Context& c, const Request& request) {
    try {
        return work(c, request);
    } catch (const std::exception& error) {
        return http::problem({"internal", error.what()}, request.request_id);
    }
}

}  // namespace

void add_backup_handlers(http::Handlers& handlers, Context& c) {
    handlers["getBackup"] = [&c](const Request& request, Responder respond) {
        c.cell.post([&c, &request, respond = std::move(respond)]() mutable {
            std::move(respond)(guarded(make_backup, c, request));
        });
    };
    handlers["restoreBackup"] = [&c](const Request& request, Responder respond) {
        c.cell.post([&c, &request, respond = std::move(respond)]() mutable {
            std::move(respond)(guarded(restore, c, request));
            c.after_restore();
        });
    };
}

}  // namespace pic::api
