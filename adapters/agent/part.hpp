// What a program that works with commands has to be told when a file of commands changes: the lines that
// went, turned round, and those that came. Loading the firewall's whole file anew for one peer of a thousand
// takes five times as long as telling nft(8) of that peer, and sets every counter back. The file stays the
// truth: a change of anything but such lines, and a part that the program refuses, is told as the whole file.
#pragma once

#include <optional>
#include <string>

#include "adapters/agent/content.hpp"
#include "adapters/agent/spec.hpp"

namespace pic::agent {

/// The lines that turn what `before` made into what `now` says: those of fragments that went or changed, each
/// with the word that takes it back, then those of fragments that came or changed. Nothing where one of these
/// lines is not `adds` and what follows it, for then the whole has to be told.
[[nodiscard]] std::optional<std::string> part_of(const PartSpec& spec, const HeldTree& before,
                                                 const HeldTree& now);

}  // namespace pic::agent
