// From words to a verb: the one user of CLI11.
#pragma once

#include <string>
#include <vector>

#include "tools/picctl/terminal.hpp"
#include "tools/picctl/verb.hpp"

namespace pic::cli {

/// Does what the words say and gives the process's exit code (see ExitCode); nothing is thrown. `words` are
/// without the program's name.
int run(const std::vector<std::string>& words, Terminal& terminal);

/// What any verb takes, for the help and the completions.
const std::vector<Parameter>& global_options();

}  // namespace pic::cli
