// Mail: domains, mailboxes and aliases beside what every person has.
#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"

namespace pic::cli {

Verbs mail_verbs() {
    auto verbs = verbs_of(ListForm{
        .group = "mail domain",
        .path = "/mail/domains",
        .noun = "domain",
        .positional = {{"name", "the domain"}},
        .optional = {},
        .changeable = {},
        .names = {"name"},
        .columns = {{"DOMAIN", "name"}, {"ID", "id"}},
        .none = "Mail comes here for the cell's own domain alone.",
    });
    for (auto& verb : verbs_of(ListForm{
             .group = "mail mailbox",
             .path = "/mail/mailboxes",
             .noun = "mailbox",
             .positional = {{"address", "its address"}, {"user_id", "whose it is, by id"}},
             .optional = {},
             .changeable = {},
             .names = {"address"},
             .columns = {{"ADDRESS", "address"}, {"USER", "user_id"}, {"ID", "id"}},
             .none = "Every person has the mailbox of his name; there are no others.",
         }))
        verbs.push_back(std::move(verb));
    for (auto& verb : verbs_of(ListForm{
             .group = "mail alias",
             .path = "/mail/aliases",
             .noun = "alias",
             .positional = {{"address", "its address"},
                            {"targets", "where it leads, separated by commas", Kind::list}},
             .optional = {},
             .changeable = {},
             .names = {"address"},
             .columns = {{"ADDRESS", "address"}, {"TARGETS", "targets"}, {"ID", "id"}},
             .none = "No aliases; the postmaster is whoever administers the cell.",
         }))
        verbs.push_back(std::move(verb));
    verbs.push_back(verb_of(ViewForm{.verb = "mail queue",
                                     .path = "/mail/queue",
                                     .help = "mail that waits",
                                     .columns = {{"ID", "id"},
                                                 {"QUEUE", "queue"},
                                                 {"ARRIVED", "arrived_at"},
                                                 {"FROM", "sender"},
                                                 {"TO", "recipients"},
                                                 {"WHY", "reasons"}},
                                     .none = "Nothing waits."}));
    return verbs;
}

}  // namespace pic::cli
