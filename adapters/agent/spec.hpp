// How a service is checked, reloaded and probed, as adapters/<service>/adapter.json says it
// (adapters/README.md is its grammar). The agent knows files, programs, parameters and steps, and nothing of
// DNS or tunnels beyond the few kinds of check and probe that are named here; another service is another
// file. Read strictly: an unknown key or kind is an error, since a misspelt check is a check that never runs.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/rejection.hpp"

namespace pic::agent {

/// Texts in which {name} stands for a value: see Values.
using Template = std::string;
using Parameters = std::map<std::string, std::string>;

/// What must be there before anything is started.
struct Need {
    std::string program;  ///< a name to be found; {name} is its path from then on
    std::string device;   ///< or a path that must be there for reading and writing
    std::string file;     ///< or one that must be there for reading
    std::string user;     ///< or who the agent must be
    std::string install;  ///< the command that would mend it
};

/// A program that runs as long as the service is enabled.
struct ProgramSpec {
    std::string name;
    std::vector<Template> argv;
    std::vector<Template> environment;
    std::vector<Template>
        instead;  ///< where this command succeeds the program is not needed (the kernel does its work)
    std::vector<Template> undo;   ///< undoes `instead`
    std::vector<Template> ready;  ///< command that succeeds once the program can be spoken to; may be empty
    std::vector<Need> needs;      ///< looked at only where the program itself is needed
    int stop_signal = 15;
    bool never_root =
        false;  ///< it refuses to run as root: where the agent is root, it is shown another number
};

/// How a program that takes commands is told of a part of its file (adapters/agent/part.hpp).
struct PartSpec {
    std::string file;            ///< path of the file, each line of which may be a command
    std::string adds;            ///< what a line begins with that can be taken back
    std::string takes_back;      ///< what to begin it with to that end
    std::vector<Template> argv;  ///< {part} is a file with the part
};

/// One thing to do or to look at. The kind decides which of the others are used.
struct StepSpec {
    enum class Kind {
        run,        ///< argv must end with 0, and print `lines` lines if that is given
        signal,     ///< send `number` to `program`, then wait for `done` or `failed` in its output
        interface,  ///< give network `interface` its addresses, mtu and routes
        wireguard,  ///< own check of the file `path` (adapters/agent/wireguard_check.hpp)
        dns,        ///< for each parameter whose key begins with `each`: SOA serial of the rest is its value
        restart,    ///< end `program` and start it anew with the values of now
        seed,       ///< make the files and folders under `path` that parameters beginning with `each` name
        talk,       ///< say `say` to `server`, whose answer must begin with `expect`
    };
    Kind kind = Kind::run;
    std::string name;  ///< for reports
    std::vector<std::string>
        when;               ///< patterns (fnmatch(3)) of changed paths, "parameters/<key>" for a parameter
    bool on_start = false;  ///< also after a program of the service was started
    std::string refused;    ///< output that means "bad input": no second try
    std::chrono::milliseconds limit{10'000};
    std::vector<Template> argv;
    std::optional<PartSpec> part;
    std::vector<Template> environment;
    Template lines;
    std::chrono::milliseconds patience{0};  ///< for so long another number of lines is looked at again
    std::string program;
    int number = 0;
    std::string done;
    std::string failed;
    Template interface;
    Template addresses;
    Template mtu;
    Template routes;
    Template path;
    std::string each;
    Template server;
    bool datagram = false;  ///< talk over UDP rather than TCP
    std::string say;
    std::string expect;
};

struct RelaySpec {
    Template listen;  ///< addresses with or without prefix length, separated by spaces, within the namespace
    Template port;
    Template to;                                        ///< address:port outside
    std::optional<std::chrono::milliseconds> patience;  ///< with a silent connection; none: relay_patience
};

/// A value that the agent derives from the content.
struct DerivedSpec {
    std::string name;
    std::string count_file;  ///< how many fragments of this file have a key that begins with `prefix`,
    std::string
        prefix;  ///< or, without a file, the values of the parameters whose key does, joined by spaces
};

/// Live state as a table: what a command prints or a file holds, a line a row or an object a row
/// (adapters/agent/live.hpp).
struct TableSpec {
    std::string name;
    std::vector<Template> argv;  ///< or
    Template file;
    std::string separator;              ///< of columns; a blank: any number of blanks and tabs
    std::vector<std::string> pointers;  ///< or, of JSON: where in an object each column is (RFC 6901)
    std::string rows;                   ///< of JSON: where the list of objects is in what is read
    std::vector<std::string> columns;   ///< the first one is the row's key, unless `key` says otherwise
    std::vector<std::string> key;       ///< columns that together tell a row from others: its "id"
    std::string prefix;                 ///< of the key: taken off, and what has it not is no row
    std::vector<std::string> numbers;   ///< those that are told as numbers
    std::vector<std::string> totals;    ///< numbers that begin at 0 with every reload: told added up
    std::vector<std::string> times;     ///< those that are seconds since 1970, told as moments; 0: none
    std::vector<std::string> chart;     ///< those whose course is worth keeping
    std::map<std::string, std::map<std::string, std::string>>
        words;  ///< by column: what the program says, and what is told; nothing: that there is none
    std::chrono::milliseconds limit{5'000};
};

struct AdapterSpec {
    std::string service;
    Parameters parameters;  ///< defaults
    std::vector<DerivedSpec> derived;
    bool in_memory = false;              ///< live files lie on a tmpfs
    std::vector<std::string> drop_keys;  ///< "Key = value" lines left out of files that match drop_in
    std::vector<std::string> drop_in;
    std::vector<std::string> fill;  ///< files in which @name@ stands for a value
    bool own_namespace = false;
    bool several_users =
        false;  ///< its programs run as several: {state} and {run} may be passed through by all
    std::vector<std::string> private_folders;
    std::vector<Need> needs;
    std::vector<ProgramSpec> programs;
    std::vector<StepSpec> validate;
    std::vector<StepSpec> reload;
    std::vector<StepSpec> probe;
    std::vector<RelaySpec> relays;
    std::vector<TableSpec> tables;
};

/// Refusal: "bad_adapter", with the place in the document.
[[nodiscard]] Result<AdapterSpec> parse_adapter(std::string_view json);
[[nodiscard]] Result<AdapterSpec> load_adapter(const std::filesystem::path& file);

/// What the {names} of templates stand for.
using Values = std::map<std::string, std::string>;

/// Refusal: "unknown_parameter" for a name that has no value.
[[nodiscard]] Result<std::string> fill(const Template& text, const Values& values);
[[nodiscard]] Result<std::vector<std::string>> fill(const std::vector<Template>& texts, const Values& values);
/// The same for the text of a file, where a name is written @name@ (lower case, digits, underscores): braces
/// are syntax in too many of them. A lone @ is left as it is.
[[nodiscard]] Result<std::string> fill_file(std::string_view text, const Values& values);

}  // namespace pic::agent
