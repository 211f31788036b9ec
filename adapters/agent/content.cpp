#include "adapters/agent/content.hpp"

#include <algorithm>

#include "bus/messages.hpp"

namespace pic::agent {

namespace {

constexpr std::size_t path_length_limit = 255;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<void> change_file(std::map<std::string, HeldTree>& files, const FileChange& change) {
    if (!is_safe_path(change.path)) return reject("bad_path", "a file's path leaves the service's folder");
    if (change.removed) {
        files.erase(change.path);
        return {};
    }
    HeldTree& tree = files[change.path];
    if (change.full) tree.clear();
    for (const auto& key : change.removals) tree.erase(key);
    for (const auto& f : change.upserts) tree.assign(f.key, HeldFragment{f.digest, f.text});
    if (tree.summary() != change.root) {
        return reject("wrong_root", "the fragments of " + change.path + " do not give the promised root");
    }
    return {};
}

FileChange whole(const std::string& path, const HeldTree& tree) {
    FileChange change;
    change.path = path;
    change.full = true;
    change.root = tree.summary();
    tree.for_each([&](const std::string& key, const HeldFragment& f) {
        change.upserts.push_back({key, f.digest, f.text});
    });
    return change;
}

FileChange part(const std::string& path, const HeldTree& before, const HeldTree& now) {
    FileChange change;
    change.path = path;
    change.root = now.summary();
    HeldTree::diff(before, now,
                   [&](const std::string& key, const HeldFragment* old, const HeldFragment* fresh) {
                       if (fresh == nullptr) {
                           change.removals.push_back(key);
                       } else if (old == nullptr || old->digest != fresh->digest) {
                           change.upserts.push_back({key, fresh->digest, fresh->text});
                       }
                   });
    return change;
}

}  // namespace

bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > path_length_limit) return false;
    char before = '/';
    for (const char c : path) {
        const bool starts_part = before == '/';
        if (c == '/' ? starts_part : !is_plain(c) || (starts_part && c == '.')) return false;
        before = c;
    }
    return before != '/';
}

Result<Content> advance(const Content& held, const Bundle& bundle) {
    if (auto ok = bus::check_advance(held.revision, bundle.revision); !ok) return std::unexpected(ok.error());
    const bool from_nothing = bundle.base == Sequence{};
    if (!from_nothing &&
        (bundle.base != held.revision.sequence || bundle.revision.epoch != held.revision.epoch)) {
        return reject("wrong_base", "the bundle changes a revision that is not held");
    }
    Content next = from_nothing ? Content{} : held;
    next.revision = bundle.revision;
    next.enabled = bundle.enabled;
    for (const auto& change : bundle.files) {
        if (from_nothing && !change.full)
            return reject("wrong_base", "a bundle from nothing holds a partial file");
        if (auto ok = change_file(next.files, change); !ok) return std::unexpected(ok.error());
    }
    return next;
}

Bundle difference(std::string service, const Content& from, const Content& to) {
    const bool whole_content = from.empty() || from.revision.epoch != to.revision.epoch;
    Bundle bundle{.service = std::move(service),
                  .revision = to.revision,
                  .base = whole_content ? Sequence{} : from.revision.sequence,
                  .enabled = to.enabled,
                  .files = {}};
    for (const auto& [path, tree] : to.files) {
        const auto before = from.files.find(path);
        if (whole_content || before == from.files.end()) {
            bundle.files.push_back(whole(path, tree));
        } else if (!before->second.same_as(tree) && before->second.summary() != tree.summary()) {
            bundle.files.push_back(part(path, before->second, tree));
        }
    }
    if (whole_content) return bundle;
    for (const auto& [path, tree] : from.files) {
        if (to.files.contains(path)) continue;
        FileChange gone;
        gone.path = path;
        gone.removed = true;
        bundle.files.push_back(std::move(gone));
    }
    return bundle;
}

std::string assemble(const HeldTree& fragments) {
    std::size_t size = 0;
    fragments.for_each([&](const std::string&, const HeldFragment& f) { size += f.text.size(); });
    std::string text;
    text.reserve(size);
    fragments.for_each([&](const std::string&, const HeldFragment& f) { text += f.text; });
    return text;
}

std::map<std::string, std::string> parameters_of(const Content& content) {
    std::map<std::string, std::string> values;
    if (const auto at = content.files.find(parameters_path); at != content.files.end()) {
        at->second.for_each(
            [&](const std::string& key, const HeldFragment& f) { values[key] = trimmed(f.text); });
    }
    return values;
}

}  // namespace pic::agent
