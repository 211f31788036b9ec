// The fragments of one file, with a Merkle root that a change of one fragment updates in logarithmic time.
// Controller and agent both keep such a tree; equal roots mean that they hold the same fragments, whatever
// way they came to them, because the shape of the tree depends on its keys alone (schema/cow_map.hpp). A
// plain hash over the whole text was rejected: it would make one changed peer cost as much as ten thousand.
//
// Exact form (docs/bus-protocol.md repeats it for other languages):
//   fragment digest = SHA-256("pic.fragment.1" || for each node: kind (8 bytes LE: 0 text, 1 secret) ||
//   prefixed bytes) tree digest     = 32 zero bytes for the empty tree, else
//                     SHA-256("pic.tree.1" || left || prefixed key || fragment digest || right)
// where "prefixed" is the length as 8 bytes little-endian and then the bytes, a secret's bytes are
// "name@version", and the shape is that of a treap with treap_priority(key), greater on top, ties by the
// smaller key.
#pragma once

#include <string>

#include "schema/artefact.hpp"
#include "schema/cow_map.hpp"
#include "schema/sha256.hpp"

namespace pic {

struct MerkleSummary {
    using Value = Digest;
    template <class V>
    static Digest of(const Digest& left, const std::string& key, const V& fragment, const Digest& right) {
        thread_local Sha256 hash;
        return hash.update("pic.tree.1")
            .update(left)
            .update_prefixed(key)
            .update(fragment.digest)
            .update(right)
            .finish();
    }
};

/// Fragment is anything with a `digest`: the controller keeps nodes there, an agent the resolved text.
template <class Fragment>
using FragmentTree = CowMap<std::string, Fragment, MerkleSummary>;

/// Digest of the reference form: two fragments with the same digest put the same text and the same secrets in
/// the file.
[[nodiscard]] Digest fragment_digest(const Nodes& nodes);

/// "name@version".
[[nodiscard]] std::string to_string(const SecretRef& ref);

}  // namespace pic
