// The sites of the cell's web front.
#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"

namespace pic::cli {

Verbs proxy_verbs() {
    const Fields options{{"tls", "internal or acme (internal)"},
                         {"enabled", "whether it answers (yes)", Kind::boolean}};
    const Fields required{{"host", "the site's name"}, {"upstream", "where its requests go, host:port"}};
    auto changeable = required;
    changeable.insert(changeable.end(), options.begin(), options.end());
    return verbs_of(ListForm{
        .group = "proxy site",
        .path = "/proxy/sites",
        .noun = "site",
        .positional = required,
        .optional = options,
        .changeable = changeable,
        .names = {"host"},
        .columns = {{"HOST", "host"},
                    {"UPSTREAM", "upstream"},
                    {"TLS", "tls"},
                    {"ENABLED", "enabled"},
                    {"ID", "id"}},
        .none =
            "No sites of your own; the cell's services are at calendar., files. and webmail. of its domain.",
    });
}

}  // namespace pic::cli
