// The cell as one encrypted file, out and in. Both take long, so they run on a worker thread.
#include <fmt/format.h>

#include "controller/api/handlers.hpp"
#include "controller/backup/backup.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

vault::Secret passphrase_of(const Request& request) { return vault::Secret::copy_of(request.header("Pic-Passphrase")); }

http::Response make_backup(Context& c, const Request& request) {
    const auto work = c.spool / fmt::format("backup-{}", to_string(core::new_uuid()));
    const auto archive = work.string() + ".pic";
    const auto made = backup::create_backup({c.copy_log, c.cell.vault(), work}, archive, passphrase_of(request));
    if (!made) return http::problem(made.error(), request.request_id);
    http::Response response;
    response.content_type = "application/octet-stream";
    response.file = archive;
    response.headers.emplace_back("Content-Disposition", R"(attachment; filename="cell.picbackup")");
    return response;
}

http::Response restore(Context& c, const Request& request) {
    const auto restored = c.restore(request.body_file, passphrase_of(request));
    if (!restored) return http::problem(restored.error(), request.request_id);
    return http::json_response(200, R"({"ready":true,"detail":"The backup is in place; the daemon starts anew."})");
}

template <class Work>
void run(Context& c, const Request& request, Responder respond, Work work) {
    c.cell.post([&c, &request, work, respond = std::move(respond)]() mutable {
        try {
            std::move(respond)(work(c, request));
        } catch (const std::exception& error) {
            std::move(respond)(Rejection{"internal", error.what()});
        }
    });
}

}  // namespace

void add_backup_handlers(http::Handlers& handlers, Context& c) {
    handlers["getBackup"] = [&c](const Request& request, Responder respond) {
        if (!c.copy_log) return std::move(respond)(Rejection{"not_built", "This log cannot be copied."});
        run(c, request, std::move(respond), make_backup);
    };
    handlers["restoreBackup"] = [&c](const Request& request, Responder respond) {
        if (!c.restore) return std::move(respond)(Rejection{"not_built", "This daemon cannot restore."});
        run(c, request, std::move(respond), restore);
    };
}

}  // namespace pic::api
