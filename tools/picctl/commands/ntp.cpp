// Whom the cell asks for the time.
#include <nlohmann/json.hpp>
#include <ostream>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"
#include "tools/picctl/session.hpp"
#include "tools/picctl/table.hpp"

namespace pic::cli {
namespace {

constexpr char path[] = "/ntp";

void show(Session& session, const Arguments& /*arguments*/) {
    const auto ntp = session.get(path);
    if (session.show_json(ntp)) return;
    print_list(session.terminal().out, ntp.at("sources"),
               {{"HOST", "host"}, {"KIND", "kind"}, {"NTS", "nts"}},
               "Nobody is asked: the host's own clock is passed on.");
}

void set(Session& session, const Arguments& arguments) {
    auto sources = nlohmann::json::array();
    for (const auto& host : arguments.all("host")) {
        sources.push_back({{"host", host},
                           {"kind", arguments.has("--pool") ? "pool" : "server"},
                           {"nts", arguments.has("--nts")}});
    }
    session.show_change(session.change("PUT", path, {{"sources", sources}}), "Changed the time's sources");
}

}  // namespace

Verbs ntp_verbs() {
    return {
        verb_of(ViewForm{.verb = "ntp sources",
                         .path = "/ntp/sources",
                         .help = "how they answer now",
                         .columns = {{"SOURCE", "source"},
                                     {"STATE", "state"},
                                     {"STRATUM", "stratum"},
                                     {"REACH", "reach"},
                                     {"OFFSET", "offset_seconds"}},
                         .none = "No source has been asked yet."}),
        {"ntp show", Role::query, "whom the cell asks for the time", {}, show},
        {"ntp set",
         Role::command,
         "ask these, and no others",
         {{.name = "host", .help = "names or addresses; none: nobody", .repeats = true},
          {.name = "--pool", .help = "each name stands for several servers", .kind = Kind::flag},
          {.name = "--nts", .help = "authenticated (RFC 8915)", .kind = Kind::flag}},
         set},
    };
}

}  // namespace pic::cli
