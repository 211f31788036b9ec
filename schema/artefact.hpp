// What the log renders to. An artefact is a file for a service, held as keyed fragments (the interface, one
// peer, one record): a change touches the fragments it concerns and nothing else, and only those travel to
// the agent, which puts the text together. A secret is a node of a fragment, not text within it, so that no
// user's value can ask for one.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pic {

/// Names one version of a secret in the vault. Written "name@version" in pictures for people, never in config
/// text.
struct SecretRef {
    std::string name;  ///< e.g. "peer/0190.../preshared"
    std::uint32_t version = 1;
    friend auto operator<=>(const SecretRef&, const SecretRef&) = default;
};

/// A piece of a fragment: literal text or a secret to be put in its place on the way to the agent.
using Node = std::variant<std::string, SecretRef>;
using Nodes = std::vector<Node>;

/// The artefact of this path holds no file: each fragment is a parameter (key -> value) that the service's
/// adapter.json may name as {key}, e.g. the zone to probe or the addresses of an interface.
inline constexpr char parameters_path[] = "parameters";

}  // namespace pic
