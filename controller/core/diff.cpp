#include "controller/core/diff.hpp"

#include <algorithm>
#include <set>

#include "schema/record.hpp"

namespace pic::core {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1);
        lines.push_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    return lines;
}

void put(std::string& out, char mark, std::string_view line) {
    out += mark;
    out += line;
    if (line.empty() || line.back() != '\n') out += '\n';
}

/// length[i][j]: of the longest common subsequence of a from i on and b from j on.
std::vector<std::vector<std::size_t>> common_lengths(const std::vector<std::string_view>& a,
                                                     const std::vector<std::string_view>& b) {
    std::vector length(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = a.size(); i-- > 0;) {
        for (std::size_t j = b.size(); j-- > 0;) {
            length[i][j] =
                a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
        }
    }
    return length;
}

std::string fragment_text(const RenderedFragment* fragment) {
    if (fragment == nullptr) return {};
    RenderedFile one;
    one.assign("", *fragment);
    return picture(one);
}

std::string diff_file(const RenderedFile& before, const RenderedFile& after) {
    std::string hunks;
    RenderedFile::diff(before, after,
                       [&](const std::string& key, const RenderedFragment* was, const RenderedFragment* is) {
                           if (was != nullptr && is != nullptr && *was == *is) return;
                           hunks += "@@ " + key + " @@\n" + diff_lines(fragment_text(was), fragment_text(is));
                       });
    return hunks;
}

const RenderedFile& file_in(const Artefacts& artefacts, const std::string& service, const std::string& path) {
    static const RenderedFile none;
    const auto s = artefacts.find(service);
    if (s == artefacts.end()) return none;
    const auto f = s->second.files.find(path);
    return f == s->second.files.end() ? none : f->second;
}

}  // namespace

std::string diff_lines(std::string_view before, std::string_view after) {
    const auto a = lines_of(before), b = lines_of(after);
    std::string out;
    std::size_t i = 0, j = 0;
    if (a.size() <= diff_line_limit && b.size() <= diff_line_limit) {
        const auto length = common_lengths(a, b);
        while (i < a.size() && j < b.size()) {
            if (a[i] == b[j]) {
                put(out, ' ', a[i]);
                ++i, ++j;
            } else if (length[i + 1][j] >= length[i][j + 1]) {
                put(out, '-', a[i++]);
            } else {
                put(out, '+', b[j++]);
            }
        }
    }
    while (i < a.size()) put(out, '-', a[i++]);
    while (j < b.size()) put(out, '+', b[j++]);
    return out;
}

std::vector<ArtefactDiff> diff_artefacts(const Artefacts& before, const Artefacts& after) {
    std::set<std::pair<std::string, std::string>> places;
    for (const auto* side : {&before, &after}) {
        for (const auto& [service, rendered] : *side) {
            for (const auto& [path, file] : rendered.files) places.emplace(service, path);
        }
    }
    std::vector<ArtefactDiff> diffs;
    for (const auto& [service, path] : places) {
        const auto hunks = diff_file(file_in(before, service, path), file_in(after, service, path));
        if (!hunks.empty())
            diffs.push_back({service, path, "--- a/" + path + "\n+++ b/" + path + "\n" + hunks});
    }
    return diffs;
}

std::string to_json(const std::vector<ArtefactDiff>& diffs) {
    std::string out = "[";
    for (const auto& d : diffs) {
        if (out.back() != '[') out += ',';
        out += "{\"service\":";
        write_json_string(out, d.service);
        out += ",\"path\":";
        write_json_string(out, d.path);
        out += ",\"diff\":";
        write_json_string(out, d.diff);
        out += '}';
    }
    return out + "]";
}

}  // namespace pic::core
