// Shell completions, made from the verbs, so that they cannot fall behind.
#pragma once

#include <string>

#include "tools/picctl/verb.hpp"

namespace pic::cli {

std::string bash_completion(const Verbs& verbs, const std::vector<Parameter>& globals);
std::string zsh_completion(const Verbs& verbs, const std::vector<Parameter>& globals);
std::string fish_completion(const Verbs& verbs, const std::vector<Parameter>& globals);

}  // namespace pic::cli
