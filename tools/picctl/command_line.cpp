#include "tools/picctl/command_line.hpp"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/failure.hpp"
#include "tools/picctl/session.hpp"

namespace pic::cli {
namespace {

constexpr char version[] = "picctl 0.1.0";
constexpr int default_wait_seconds = 30;

/// CLI11's tree, and by path and parameter the option that holds what was given. "" is the tree's root: the
/// options that any verb takes.
struct Parser {
    CLI::App app{"picctl - the command line of a Personal Internet Cell", "picctl"};
    std::map<std::string, CLI::App*> apps;
    std::map<std::string, std::map<std::string, CLI::Option*>> options;
};

CLI::Option* declare(CLI::App& app, const Parameter& parameter) {
    const std::string& help = parameter.help;
    if (parameter.kind == Kind::flag) return app.add_flag(parameter.name, help);
    auto* option = app.add_option(parameter.name, help);
    option->required(parameter.required)->type_name(parameter.kind == Kind::number ? "NUMBER" : "TEXT");
    if (parameter.repeats) option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
    if (!parameter.choices.empty()) option->type_name("one of")->check(CLI::IsMember(parameter.choices));
    return option;
}

/// The subcommand of this path, with its groups.
CLI::App& subcommand(Parser& parser, const std::string& path, const std::string& help) {
    if (path.empty()) return parser.app;
    if (const auto found = parser.apps.find(path); found != parser.apps.end()) return *found->second;
    const auto space = path.rfind(' ');
    const auto parent_path = space == std::string::npos ? "" : path.substr(0, space);
    auto& parent = subcommand(parser, parent_path, group_help(parent_path));
    auto* app = parent.add_subcommand(path.substr(space == std::string::npos ? 0 : space + 1), help);
    app->fallthrough();
    return *(parser.apps[path] = app);
}

void declare_verbs(Parser& parser) {
    for (const auto& option : global_options())
        if (option.name != "--help") parser.options[""][option.name] = declare(parser.app, option);
    for (const auto& verb : all_verbs()) {
        auto& app = subcommand(parser, verb.path, verb.help);
        for (const auto& parameter : verb.parameters)
            parser.options[verb.path][parameter.name] = declare(app, parameter);
    }
    // One verb a line, so that an argument that is a verb's name ("peer add dns") stays an argument.
    for (auto& [path, app] : parser.apps) {
        const bool verb = std::ranges::find(all_verbs(), path, &Verb::path) != all_verbs().end();
        app->require_subcommand(verb ? 0 : 1, 1);
    }
    parser.app.require_subcommand(1);
    parser.app.set_version_flag("--version", version);

    auto* at = parser.app.add_subcommand("at", "ask any query as of a sequence: picctl at 42 peer list");
    at->add_option("sequence", "the sequence")->required();
    at->add_option("query", "the command to ask")->required();
    at->prefix_command();
}

Arguments given(const Parser& parser, const std::string& path) {
    Arguments arguments;
    const auto options = parser.options.find(path);
    if (options == parser.options.end()) return arguments;
    for (const auto& [name, option] : options->second)
        if (option->count() > 0) arguments.given[name] = option->results();
    return arguments;
}

std::string from_environment(const char* name, const std::string& fallback) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : fallback;
}

std::uint64_t number(const std::string& text, const std::string& what) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw Failure(ExitCode::usage, fmt::format("'{}' is no {}", text, what));
    return value;
}

Options options_from(const Arguments& globals) {
    Options options;
    options.data = globals.text("--data", from_environment("PIC_DATA", "./data"));
    options.url = globals.text("--url", globals.has("--data") ? "" : from_environment("PIC_URL", ""));
    options.ca_file = globals.text("--ca-file", from_environment("PIC_CA_FILE", ""));
    options.json = globals.has("--json");
    options.dry_run = globals.has("--dry-run");
    options.if_match = globals.text("--if-match");
    options.idempotency_key = globals.text("--idempotency-key");
    if (const auto wait = globals.text("--wait"); wait == "true")
        options.wait_seconds = default_wait_seconds;
    else if (!wait.empty())
        options.wait_seconds =
            static_cast<int>(std::min<std::uint64_t>(number(wait, "number of seconds"), 3600));
    if (const auto within = globals.text("--confirm-within"); !within.empty())
        options.confirm_within = number(within, "number of seconds");
    return options;
}

/// The deepest verb that was named.
const Verb* chosen(const Parser& parser) {
    const Verb* found = nullptr;
    for (const auto& verb : all_verbs())
        if (parser.apps.at(verb.path)->parsed() &&
            (found == nullptr || verb.path.size() > found->path.size()))
            found = &verb;
    return found;
}

void check_role(const Verb& verb, const Options& options) {
    const bool changes = options.dry_run || options.wait_seconds > 0 || options.confirm_within > 0 ||
                         !options.if_match.empty() || !options.idempotency_key.empty();
    if (changes && verb.role != Role::command)
        throw Failure(ExitCode::usage, fmt::format("'{}' changes nothing: --dry-run, --wait, "
                                                   "--confirm-within, --if-match and "
                                                   "--idempotency-key are for changes",
                                                   verb.path));
    if (options.at && verb.role != Role::query)
        throw Failure(ExitCode::usage,
                      fmt::format("'{}' is no query: only queries can be asked at a sequence", verb.path));
}

/// The first word that is no option of every verb's, nor the value of one.
std::vector<std::string>::iterator first_word(std::vector<std::string>& words) {
    const auto takes_value = [](const std::string& word) {
        return std::ranges::any_of(global_options(), [&](const Parameter& option) {
            return option.name == word && option.kind != Kind::flag;
        });
    };
    auto at = words.begin();
    while (at != words.end() && at->starts_with("--"))
        at += takes_value(*at) && std::next(at) != words.end() ? 2 : 1;
    return at;
}

/// Takes "at SEQUENCE" out of the words, so that what follows is parsed as it would be without.
std::optional<std::uint64_t> take_at(std::vector<std::string>& words) {
    const auto at = first_word(words);
    if (at == words.end() || *at != "at") return std::nullopt;
    if (std::distance(at, words.end()) < 3 || std::next(at)->starts_with("-"))
        return std::nullopt;  // CLI11 says why

    const auto sequence = number(*std::next(at), "sequence");
    words.erase(at, at + 2);
    return sequence;
}

int parse_and_run(std::vector<std::string> words, Terminal& terminal, bool& as_json) {
    const auto at = take_at(words);
    Parser parser;
    declare_verbs(parser);
    try {
        std::ranges::reverse(words);  // CLI11 takes them from the back
        parser.app.parse(words);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0)
            throw Failure(ExitCode::usage, fmt::format("{} (--help says more)", error.what()));
        parser.app.exit(error, terminal.out, terminal.err);  // help and version
        return static_cast<int>(ExitCode::ok);
    }
    auto options = options_from(given(parser, ""));
    as_json = options.json;
    options.at = at;
    const Verb* verb = chosen(parser);
    if (verb == nullptr) throw Failure(ExitCode::usage, "at: give a sequence and a query");
    check_role(*verb, options);
    Session session(std::move(options), terminal);
    verb->run(session, given(parser, verb->path));
    return static_cast<int>(ExitCode::ok);
}

}  // namespace

const std::vector<Parameter>& global_options() {
    static const std::vector<Parameter> options{
        {.name = "--data", .help = "the daemon's data folder (PIC_DATA, else ./data)"},
        {.name = "--url", .help = "a daemon on the network, http(s)://host[:port] (PIC_URL)"},
        {.name = "--ca-file", .help = "certificates to trust for https, PEM (PIC_CA_FILE)"},
        {.name = "--json", .help = "print the API's JSON", .kind = Kind::flag},
        {.name = "--dry-run", .help = "show what a change would do, and do nothing", .kind = Kind::flag},
        {.name = "--wait",
         .help = "wait until the services have the change, 30 s or --wait=SECONDS",
         .kind = Kind::flag},
        {.name = "--confirm-within",
         .help = "seconds after which the change is taken back unless it is confirmed"},
        {.name = "--if-match", .help = "refuse the change if the resource's version is another"},
        {.name = "--idempotency-key", .help = "make a repeated change count once"},
        {.name = "--help", .help = "print help", .kind = Kind::flag},
    };
    return options;
}

int run(const std::vector<std::string>& words, Terminal& terminal) {
    bool as_json = false;
    try {
        const int code = parse_and_run(words, terminal, as_json);
        terminal.out.flush();
        if (!terminal.out)
            throw Failure(ExitCode::usage, "the answer could not be written to standard output");
        return code;
    } catch (const Failure& failure) {
        terminal.out.flush();
        terminal.err << (as_json ? failure.json() : "picctl: " + printable(failure.text(), true)) << '\n';
        return static_cast<int>(failure.code());
    } catch (const std::exception& error) {
        terminal.err << "picctl: the daemon's answer makes no sense: " << printable(error.what()) << '\n';
        return static_cast<int>(ExitCode::unavailable);
    }
}

}  // namespace pic::cli
