// Completions for the shell.
#include "tools/picctl/completion.hpp"

#include <ostream>

#include "tools/picctl/command_line.hpp"
#include "tools/picctl/commands/commands.hpp"
#include "tools/picctl/session.hpp"

namespace pic::cli {
namespace {

void completion(Session& session, const Arguments& arguments) {
    const auto shell = arguments.text("shell");
    const auto make = shell == "bash" ? bash_completion : shell == "zsh" ? zsh_completion : fish_completion;
    session.terminal().out << make(all_verbs(), global_options());
}

}  // namespace

Verbs completion_verbs() {
    return {{"completion",
             Role::local,
             "print the completions for a shell",
             {{.name = "shell", .help = "which", .required = true, .choices = {"bash", "zsh", "fish"}}},
             completion}};
}

}  // namespace pic::cli
