// Calendars and address books beside those that every person has.
#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/commands/forms.hpp"

namespace pic::cli {

Verbs calendar_verbs() {
    return verbs_of(ListForm{
        .group = "calendar collection",
        .path = "/calendar/collections",
        .noun = "collection",
        .positional = {{"user_id", "whose it is, by id"}, {"name", "of its folder"}},
        .optional = {{"kind", "calendar or addressbook (calendar)"}},
        .changeable = {},
        .names = {"name"},
        .columns = {{"NAME", "name"}, {"KIND", "kind"}, {"USER", "user_id"}, {"ID", "id"}},
        .none = "Every person has the calendar personal and the address book contacts; there are no others.",
    });
}

}  // namespace pic::cli
