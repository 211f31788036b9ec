// The two logs for other programs and other eyes: the access log, and both as files of JSON lines.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/file.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

const Fields access_filters{
    {"kind", "only these: refused, signed_in, sign_in_refused, revealed, ..."},
    {"actor", "only this one, e.g. user:alice"},
    {"source", "only from this address"},
    {"request_id", "only this request"},
    {"since", "not before, RFC 3339"},
    {"until", "not after, RFC 3339"},
};
const Fields event_filters{
    {"after", "only later ones than this sequence", Kind::number},
    {"type", "only this type, e.g. PeerAdded"},
    {"stream", "only this stream"},
    {"actor", "only what this one did, e.g. user:admin"},
    {"source", "only from this address, or local"},
    {"request_id", "only this request"},
    {"since", "not before, RFC 3339"},
    {"until", "not after, RFC 3339"},
};
constexpr std::string_view usual_count = "100";

/// "kind=refused&since=..."
std::string query_of(const Fields& fields, const Arguments& arguments) {
    std::string query;
    const auto given = object_from_options(fields, arguments);
    for (const auto& [name, value] : given.items()) {
        const auto text = value.is_string() ? value.get<std::string>() : value.dump();
        query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, percent_encoded(text));
    }
    return query;
}

void write_lines(Session& session, const std::string& path, const std::string& query, const std::string& to) {
    NewFile file(to);
    std::uint64_t size = 0;
    {
        Progress progress(session.terminal(), "exporting");
        session.send({.target = query.empty() ? path : path + "?" + query},
                     [&](std::string_view piece, std::uint64_t done, std::uint64_t total) {
                         file.write(piece);
                         size = done;
                         progress.bytes(done, total);
                     });
    }
    file.commit();
    if (!session.show_json({{"file", to}, {"bytes", size}}))
        session.terminal().out << fmt::format("Wrote {} ({} bytes of JSON lines).\n", to, size);
}

void access_log(Session& session, const Arguments& arguments) {
    auto query = query_of(access_filters, arguments);
    if (arguments.has("--export"))
        return write_lines(session, "/access-log/export", query, arguments.text("--export"));
    const auto limit = arguments.text("--limit", std::string(usual_count));
    query += fmt::format("{}limit={}", query.empty() ? "" : "&", percent_encoded(limit));
    const auto page = session.get("/access-log", query);
    if (session.show_json(page)) return;
    print_list(session.terminal().out, page.at("items"),
               {{"AT", "at"},
                {"KIND", "kind"},
                {"WHO", "actor"},
                {"FROM", "source"},
                {"REQUEST", "request_id"},
                {"WHAT", "detail"}},
               "Nothing of that kind.");
}

void export_events(Session& session, const Arguments& arguments) {
    write_lines(session, "/events/export", query_of(event_filters, arguments), arguments.text("file"));
}

}  // namespace

Verbs audit_verbs() {
    return {
        {"access-log", Role::local, "who came in, who was turned away, who looked at a secret; newest first",
         options_for(access_filters) +
             std::vector<Parameter>{
                 {.name = "--limit", .help = "at most so many (100)", .kind = Kind::number},
                 {.name = "--export", .help = "write all of it to this file, as JSON lines, oldest first"}},
         access_log},
        {"log export", Role::local, "the log, or a part of it, as JSON lines",
         std::vector<Parameter>{{.name = "file", .help = "where to write it, mode 0600", .required = true}} +
             options_for(event_filters),
         export_events},
    };
}

}  // namespace pic::cli
