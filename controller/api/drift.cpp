#include "controller/api/drift.hpp"

#include <fmt/format.h>

#include "controller/core/diff.hpp"
#include "projections/dispatch.hpp"
#include "schema/record.hpp"

namespace pic::api {
namespace {

/// f(line) for each line of a text, without its end.
template <class F>
void each_line(std::string_view text, F&& f) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        f(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

ShownLines::ShownLines(const RenderedFile* file, const vault::Vault& vault) {
    if (file == nullptr) {
        has_secrets_ = true;
        return;
    }
    std::string written, shown;
    file->for_each([&](const std::string&, const RenderedFragment& fragment) {
        for (const auto& node : fragment.nodes) {
            if (const auto* text = std::get_if<std::string>(&node)) {
                written += *text;
                shown += *text;
                continue;
            }
            const auto& ref = std::get<SecretRef>(node);
            has_secrets_ = true;
            if (const auto secret = vault.get(ref)) written += secret->reveal();
            shown += fmt::format("<secret {}@{}>", ref.name, ref.version);
        }
    });
    std::vector<std::string_view> pictures;
    each_line(shown, [&](std::string_view line) { pictures.push_back(line); });
    std::size_t number = 0;
    each_line(written, [&](std::string_view line) {
        if (number < pictures.size()) lines_.emplace(line, pictures[number++]);
    });
}

std::string ShownLines::shown(std::string_view text) const {
    std::string out;
    each_line(text, [&](std::string_view line) {
        const auto known = lines_.find(line);
        out += known != lines_.end() ? std::string_view(known->second) : has_secrets_ ? hidden_line : line;
        out += '\n';
    });
    return out;
}

Result<http::QueryAnswer> service_drift(core::Cell& cell, const http::Request& request, const World& world) {
    const std::string name(request.path_parameter("service"));
    if (!is_rendering_service(name))
        return reject("not_found", fmt::format("there is no service '{}'", name));
    const auto artefacts = cell.publisher().artefacts(world);
    const auto& files = artefacts.at(name).files;
    std::string items = "[";
    cell.live().visit(name, "drift", [&](const core::LiveTable& table) {
        for (const auto& [path, cells] : table.rows) {
            const auto file = files.find(path);
            const ShownLines lines(file == files.end() ? nullptr : &file->second, cell.vault());
            if (items.size() > 1) items += ',';
            items += "{\"path\":";
            write_json_string(items, path);
            items += ",\"diff\":";
            write_json_string(items, core::diff_lines(lines.shown(table.text(path, "written").value_or("")),
                                                      lines.shown(table.text(path, "found").value_or(""))));
            items += ",\"seen_at\":";
            write_json(items, table.at);
            items += '}';
        }
    });
    return http::QueryAnswer{world.sequence, std::nullopt, "{\"items\":" + items + "],\"next_cursor\":null}"};
}

}  // namespace pic::api
