// What an agent holds of a service: the fragments of its files, its parameters, and the revision they stand
// for. Bundles move it forward, on the bus's thread, as they come; the applier takes the newest whenever it
// is free. So a burst of changes becomes one reload, and no bundle ever waits for a program. (Rejected: a
// queue of bundles, where each would be applied although the next one is already there.)
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "schema/bundle.hpp"
#include "schema/fragment_tree.hpp"
#include "schema/rejection.hpp"

namespace pic::agent {

/// A fragment as an agent keeps it. The text may hold secrets.
struct HeldFragment {
    Digest digest{};
    std::string text;
};
using HeldTree = FragmentTree<HeldFragment>;

/// A copy costs a few reference counts: what two contents share is not copied.
struct Content {
    Position revision;
    bool enabled = true;
    std::map<std::string, HeldTree> files;  ///< by path; parameters_path is among them

    /// Nothing was ever wanted; that a service be off from the first is something.
    [[nodiscard]] bool empty() const { return revision.sequence == Sequence{} && enabled; }
};

/// A path that stays within the service's folder: relative, of plain parts ([A-Za-z0-9._-], none beginning
/// with a dot), at most 255 bytes, as RFC 3986's "dot-segments" and the reserved names of the folder itself
/// cannot occur then.
[[nodiscard]] bool is_safe_path(std::string_view path);

/// `held` moved by `bundle`. Refusals: what bus::check_advance() refuses; "wrong_base" when the bundle is a
/// change of something else than what is held and "wrong_root" when the fragments do not give the root that
/// the controller promised (a full bundle mends both); "bad_path".
[[nodiscard]] Result<Content> advance(const Content& held, const Bundle& bundle);

/// The bundle that moves `from` to `to`; from an empty content, or across epochs, a full one.
[[nodiscard]] Bundle difference(std::string service, const Content& from, const Content& to);

/// The text of a file: its fragments in the order of their keys.
[[nodiscard]] std::string assemble(const HeldTree& fragments);

/// The parameters and their values, without surrounding white space.
[[nodiscard]] std::map<std::string, std::string> parameters_of(const Content& content);

}  // namespace pic::agent
