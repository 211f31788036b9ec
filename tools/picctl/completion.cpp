#include "tools/picctl/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "tools/picctl/commands/commands.hpp"

namespace pic::cli {
namespace {

/// What may follow the words so far: "" -> cell, peer, ...; "peer" -> add, list, ...; "peer add" ->
/// --address, ...
struct Words {
    std::map<std::string, std::vector<std::pair<std::string, std::string>>> after;  ///< word and its help
    std::set<std::string> groups;  ///< every path that has words below it
};

Words words_of(const Verbs& verbs) {
    Words words;
    const auto add = [&](const std::string& path, const std::string& word, const std::string& help) {
        auto& list = words.after[path];
        if (std::ranges::none_of(list, [&](const auto& known) { return known.first == word; }))
            list.emplace_back(word, help);
    };
    for (const auto& verb : verbs) {
        for (std::size_t start = 0; start < verb.path.size();) {
            const auto space = std::min(verb.path.find(' ', start), verb.path.size());
            const auto group = verb.path.substr(0, start == 0 ? 0 : start - 1);
            add(group, verb.path.substr(start, space - start),
                space == verb.path.size() ? verb.help : group_help(verb.path.substr(0, space)));
            words.groups.insert(group);
            start = space + 1;
        }
        for (const auto& parameter : verb.parameters) {
            if (parameter.name.starts_with("--")) add(verb.path, parameter.name, parameter.help);
            if (!parameter.name.starts_with("--"))
                for (const auto& choice : parameter.choices) add(verb.path, choice, parameter.help);
        }
    }
    add("", "at", "ask any query as of a sequence");
    return words;
}

std::string names(const std::vector<std::pair<std::string, std::string>>& list) {
    std::string joined;
    for (const auto& [word, help] : list) joined += (joined.empty() ? "" : " ") + word;
    return joined;
}

std::string names(const std::vector<Parameter>& parameters) {
    std::string joined;
    for (const auto& parameter : parameters) joined += (joined.empty() ? "" : " ") + parameter.name;
    return joined;
}

/// The shell function's body that finds the path of verbs in the words typed so far; bash and zsh read it
/// alike.
std::string path_loop(const Words& words) {
    std::string groups;
    for (const auto& group : words.groups)
        if (!group.empty()) groups += (groups.empty() ? "\"" : "|\"") + group + "\"";
    return fmt::format(R"(    local path="" word skip=0
    for word in "${{typed[@]}}"; do
        if [ $skip -gt 0 ]; then skip=$((skip - 1)); continue; fi
        case "$path|$word" in
            *"|--data"|*"|--url"|*"|--ca-file"|*"|--if-match"|*"|--idempotency-key") skip=1; continue ;;
            *"|-"*) continue ;;
            "|at") skip=1; continue ;;
        esac
        case "$path" in
            "") path=$word ;;
            {}) path="$path $word" ;;
        esac
    done
)",
                       groups);
}

/// case branches: "peer") candidates="add list" ;;
std::string branches(const Words& words) {
    std::string text = "    case \"$path\" in\n";
    for (const auto& [path, list] : words.after)
        text += fmt::format("        \"{}\") candidates=\"{}\" ;;\n", path, names(list));
    return text + "    esac\n";
}

std::string quoted_for_fish(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted += '\'';
}

}  // namespace

std::string bash_completion(const Verbs& verbs, const std::vector<Parameter>& globals) {
    const auto words = words_of(verbs);
    return fmt::format(R"(# bash completion of picctl: source <(picctl completion bash)
_picctl() {{
    local typed=("${{COMP_WORDS[@]:1:COMP_CWORD-1}}") current=${{COMP_WORDS[COMP_CWORD]}} candidates=""
{}{}    COMPREPLY=($(compgen -W "$candidates {}" -- "$current"))
    [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}}
complete -F _picctl picctl
)",
                       path_loop(words), branches(words), names(globals));
}

std::string zsh_completion(const Verbs& verbs, const std::vector<Parameter>& globals) {
    const auto words = words_of(verbs);
    return fmt::format(R"(#compdef picctl
# zsh completion of picctl: source <(picctl completion zsh)
_picctl() {{
    local -a typed=("${{(@)words[2,CURRENT-1]}}")
    local candidates=""
{}{}    compadd -- ${{=candidates}} {}
    _files
}}
compdef _picctl picctl
)",
                       path_loop(words), branches(words), names(globals));
}

std::string fish_completion(const Verbs& verbs, const std::vector<Parameter>& globals) {
    const auto words = words_of(verbs);
    std::string text = R"(# fish completion of picctl: picctl completion fish | source
# Are the words typed so far, without options, exactly these? And: do they begin with these?
function __picctl_is
    set -l typed (string match -v -- '-*' (commandline -opc)[2..-1])
    test "$typed" = "$argv"
end
function __picctl_in
    set -l typed (string match -v -- '-*' (commandline -opc)[2..-1])
    string match -q -- "$argv *" "$typed "
end
)";
    for (const auto& parameter : globals)
        text += fmt::format("complete -c picctl -l {} -d {}\n", parameter.name.substr(2),
                            quoted_for_fish(parameter.help));
    for (const auto& [path, list] : words.after) {
        for (const auto& [word, help] : list) {
            const bool option = word.starts_with("--");
            const bool verb = words.groups.contains(path) && !option;
            text += fmt::format("complete -c picctl {}-n '{}{}' {} {} -d {}\n", option ? "" : "-f ",
                                verb ? "__picctl_is" : "__picctl_in", path.empty() ? "" : " " + path,
                                option ? "-l" : "-a", option ? word.substr(2) : word, quoted_for_fish(help));
        }
    }
    return text;
}

}  // namespace pic::cli
