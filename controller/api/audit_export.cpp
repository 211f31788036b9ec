// JSON lines for other programs: the log and the access log, written page by page into a file of the spool,
// so that an export of any length needs the memory of one page.
#include <fmt/format.h>

#include <fstream>

#include "controller/api/handlers.hpp"
#include "controller/api/log_filters.hpp"
#include "controller/core/event_json.hpp"

namespace pic::api {
namespace {

using http::Request;
using http::Responder;

constexpr std::size_t page_size = 1000;

/// `next` appends the next page's lines; false: that was the last.
template <class Next>
void answer_with_lines(Context& c, const std::string& name, Next next, Responder respond) {
    http::Response response;
    response.content_type = "application/x-ndjson";
    response.file = c.spool / fmt::format("export-{}", to_string(core::new_uuid()));
    response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}\"", name));
    std::ofstream file(response.file, std::ios::binary);
    std::string lines;
    for (bool more = true; more && file;) {
        lines.clear();
        more = next(lines);
        file << lines;
    }
    file.close();
    if (!file) {
        std::error_code ignored;
        std::filesystem::remove(response.file, ignored);
        return std::move(respond)(Rejection{"log_unwritable", "The export cannot be written to the spool."});
    }
    std::move(respond)(std::move(response));
}

void export_events(Context& c, const Request& request, Responder respond) {
    const auto filter = event_filter(request);
    Sequence after{request.query_number("after").value_or(0)};
    answer_with_lines(
        c, "events.ndjson",
        [&](std::string& out) {
            const auto page = c.cell.store().read(after, page_size, filter);
            for (const auto& event : page) out.append(core::event_json(event)).push_back('\n');
            if (!page.empty()) after = page.back().sequence;
            return page.size() == page_size;
        },
        std::move(respond));
}

void export_access_log(Context& c, const Request& request, Responder respond) {
    const auto filter = access_filter(request);
    std::uint64_t after = 0;
    answer_with_lines(
        c, "access-log.ndjson",
        [&](std::string& out) {
            const auto page = c.access_log.read_forward(after, page_size, filter);
            for (const auto& entry : page) {
                write_json(out, entry);
                out.push_back('\n');
            }
            if (!page.empty()) after = page.back().id;
            return page.size() == page_size;
        },
        std::move(respond));
}

}  // namespace

void add_export_handlers(http::Handlers& handlers, Context& c) {
    const auto on_worker = [&c](void (*run)(Context&, const Request&, Responder)) {
        return [&c, run](const Request& request, Responder respond) {
            c.cell.post([&c, run, &request, respond = std::move(respond)]() mutable {
                run(c, request, std::move(respond));
            });
        };
    };
    handlers["exportEvents"] = on_worker(export_events);
    handlers["exportAccessLog"] = on_worker(export_access_log);
}

}  // namespace pic::api
