// The verbs of a resource from its description: what it is called, where it lies in the API, which fields it
// has. Most of the cell's resources are a list that one adds to and removes from, or one thing that one shows
// and sets, and then a service's file here is its form and nothing else. What does more (peers with their
// keys, records with their types) is written out.
#pragma once

#include <string>
#include <vector>

#include "tools/picctl/table.hpp"
#include "tools/picctl/verb.hpp"

namespace pic::cli {

/// One thing: "show", and "set FIELD VALUE...".
struct SingleForm {
    std::string group;  ///< of the verbs: "ntp"
    std::string path;   ///< in the API: "/ntp"
    std::string what;   ///< in sentences: "the time's sources"
    Fields fields;
    bool replaces = false;  ///< the API takes it whole (PUT): what is not named keeps its value
};
Verbs verbs_of(const SingleForm& form);

/// Things under ids: "add", "list", "set" where something can change, and "remove".
struct ListForm {
    std::string group;               ///< of the verbs: "routing rule"
    std::string path;                ///< in the API: "/routing/rules"
    std::string noun;                ///< "rule"
    Fields positional;               ///< what add must be given, in this order
    Fields optional;                 ///< what add may be given as options
    Fields changeable;               ///< what set can change; none: there is no set
    std::vector<std::string> names;  ///< fields that name one as well as its id does
    std::vector<Column> columns;
    std::string none;        ///< said of an empty list
    std::string order = {};  ///< the column that it is listed by; none: as the API gives it
};
Verbs verbs_of(const ListForm& form);

/// Things that are only looked at: what a service knows of itself now.
struct ViewForm {
    std::string verb;  ///< "ntp sources"
    std::string path;
    std::string help;
    std::vector<Column> columns;
    std::string none;
    std::string order = {};  ///< as in ListForm
};
Verb verb_of(const ViewForm& form);

}  // namespace pic::cli
