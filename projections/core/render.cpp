#include "projections/core/render.hpp"

namespace pic {

void Renderer::put(const std::string& path, const std::string& key, Nodes nodes) {
    const auto digest = fragment_digest(nodes);
    auto& file = service_.files[path];
    const auto* present = file.find(key);
    if (present != nullptr && present->digest == digest) return;
    file.assign(key, RenderedFragment{std::move(nodes), digest});
}

void Renderer::remove(const std::string& path, const std::string& key) {
    const auto file = service_.files.find(path);
    if (file != service_.files.end()) file->second.erase(key);
}

void Renderer::move(const std::string& from, const std::string& to) {
    auto file = service_.files.extract(from);
    if (file.empty()) return;
    file.key() = to;
    service_.files.insert(std::move(file));
}

std::string picture(const RenderedFile& file) {
    std::string text;
    file.for_each([&](const std::string&, const RenderedFragment& fragment) {
        for (const auto& node : fragment.nodes) {
            if (const auto* literal = std::get_if<std::string>(&node)) {
                text += *literal;
            } else {
                text += "<secret " + to_string(std::get<SecretRef>(node)) + ">";
            }
        }
    });
    return text;
}

}  // namespace pic
