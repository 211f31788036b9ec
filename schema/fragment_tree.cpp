#include "schema/fragment_tree.hpp"

#include <fmt/format.h>

namespace pic {

std::string to_string(const SecretRef& ref) { return fmt::format("{}@{}", ref.name, ref.version); }

Digest fragment_digest(const Nodes& nodes) {
    thread_local Sha256 hash;
    hash.update("pic.fragment.1");
    for (const auto& node : nodes) {
        hash.update_number(node.index());
        if (const auto* text = std::get_if<std::string>(&node)) {
            hash.update_prefixed(*text);
        } else {
            hash.update_prefixed(to_string(std::get<SecretRef>(node)));
        }
    }
    return hash.finish();
}

}  // namespace pic
