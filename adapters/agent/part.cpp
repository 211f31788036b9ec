#include "adapters/agent/part.hpp"

namespace pic::agent {
namespace {

/// Puts every line of `text`, its beginning `adds` replaced by `word`, at the end of `out`; false where a
/// line begins otherwise.
bool put_lines(std::string& out, std::string_view text, std::string_view adds, std::string_view word) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(adds)) return false;
        out.append(word).append(line.substr(adds.size())).append("\n");
    }
    return true;
}

}  // namespace

std::optional<std::string> part_of(const PartSpec& spec, const HeldTree& before, const HeldTree& now) {
    std::string gone;
    std::string come;
    bool only_lines = true;
    HeldTree::diff(before, now, [&](const std::string&, const HeldFragment* old, const HeldFragment* fresh) {
        if (old != nullptr && fresh != nullptr && old->digest == fresh->digest) return;
        if (old != nullptr) only_lines = only_lines && put_lines(gone, old->text, spec.adds, spec.takes_back);
        if (fresh != nullptr) only_lines = only_lines && put_lines(come, fresh->text, spec.adds, spec.adds);
    });
    if (!only_lines) return std::nullopt;
    return gone + come;
}

}  // namespace pic::agent
