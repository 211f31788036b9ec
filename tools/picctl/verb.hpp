// A verb of the command line, as data: its words, what it takes and the function that does it. The parser,
// the help, the shell completions and the list of commands in docs/picctl.md are all made from these
// descriptions, and CLI11 is known to one file only. (A CLI11 callback a verb was rejected: each would
// compile that header anew, and the completions would have to be written a second time.)
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pic::cli {

class Session;

enum class Kind {
    text,
    number,
    boolean,  ///< yes or no
    list,     ///< separated by commas
    flag,     ///< an option without a value
};

/// A field of a resource as the API names it, e.g. {"expires_at", "when it ends ..."}.
struct Field {
    std::string name;
    std::string help;
    Kind kind = Kind::text;
    std::string option = {};  ///< what it is called as an option, where its own name is taken
};
using Fields = std::vector<Field>;

/// Something a verb takes: "name" is positional, "--name" an option.
struct Parameter {
    std::string name;
    std::string help;
    Kind kind = Kind::text;
    bool required = false;
    bool repeats = false;                   ///< positional: takes all that is left
    std::vector<std::string> choices = {};  ///< if any, nothing else is accepted
};

/// What was given, by parameter name.
class Arguments {
  public:
    std::map<std::string, std::vector<std::string>> given;

    [[nodiscard]] bool has(const std::string& name) const { return given.contains(name); }
    /// The first value, or `fallback`.
    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback = {}) const;
    [[nodiscard]] std::vector<std::string> all(const std::string& name) const;
};

enum class Role {
    query,    ///< may be asked `at` a sequence
    command,  ///< changes the cell: takes --dry-run, --wait, --confirm-within, --if-match, --idempotency-key
    local,    ///< neither
};

struct Verb {
    std::string path;  ///< "peer add"
    Role role = Role::query;
    std::string help;  ///< one line
    std::vector<Parameter> parameters;
    std::function<void(Session&, const Arguments&)> run;
};
using Verbs = std::vector<Verb>;

/// An option for each field ("expires_at" -> "--expires-at").
std::vector<Parameter> options_for(const Fields& fields);
/// `more` behind `first`.
std::vector<Parameter> operator+(std::vector<Parameter> first, const std::vector<Parameter>& more);
/// The parameter of `set` verbs: FIELD VALUE, FIELD VALUE, ...; its help lists the fields.
Parameter pairs_of(const Fields& fields);

/// The JSON object of those fields that were given as options.
nlohmann::json object_from_options(const Fields& fields, const Arguments& arguments);
/// The JSON object of FIELD VALUE pairs; an empty value gives null, which clears. Throws Failure (usage) on
/// an unknown field or a value of the wrong kind.
nlohmann::json object_from_pairs(const Fields& fields, const std::vector<std::string>& words);

}  // namespace pic::cli
