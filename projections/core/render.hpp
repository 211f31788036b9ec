// Rendering is pure and incremental. A service's render(before, now, out) puts the fragments that may differ
// between two worlds; with no `before` it puts them all. The rule that keeps it honest is a property test:
// rendering any history step by step gives the same bytes as rendering its end at once.
#pragma once

#include <map>
#include <string>

#include "schema/fragment_tree.hpp"

namespace pic {

/// A fragment as the controller keeps it: secrets by reference.
struct RenderedFragment {
    Nodes nodes;
    Digest digest{};
    friend bool operator==(const RenderedFragment& a, const RenderedFragment& b) {
        return a.digest == b.digest;
    }
};

using RenderedFile = FragmentTree<RenderedFragment>;

/// All files of one service, by path. Copies share everything.
struct RenderedService {
    std::map<std::string, RenderedFile> files;
};

/// By service name.
using Artefacts = std::map<std::string, RenderedService>;

/// Where a service's render() puts fragments.
class Renderer {
  public:
    explicit Renderer(RenderedService& service) : service_(service) {}

    /// Sets one fragment; no change where the same nodes are there already.
    void put(const std::string& path, const std::string& key, Nodes nodes);
    void put(const std::string& path, const std::string& key, std::string text) {
        put(path, key, Nodes{Node(std::move(text))});
    }
    /// Sets a parameter for the adapter (schema/artefact.hpp).
    void parameter(const std::string& key, std::string value) { put(parameters_path, key, std::move(value)); }
    void remove(const std::string& path, const std::string& key);
    /// Gives a file another path; its fragments stay as they are.
    void move(const std::string& from, const std::string& to);
    /// Removes a whole file.
    void drop(const std::string& path) { service_.files.erase(path); }
    [[nodiscard]] bool has(const std::string& path) const { return service_.files.contains(path); }

    /// f(key, value or nullptr where it is gone) for the entries of a map that may have changed: all of them
    /// where there is no `before` or where `all` is said (something that every fragment depends on changed),
    /// else only what differs.
    template <class Map, class F>
    static void each(const Map* before, const Map& now, bool all, F&& f) {
        if (before != nullptr && !all) {
            Map::diff(*before, now, [&](const auto& key, const auto*, const auto* value) { f(key, value); });
            return;
        }
        if (before != nullptr) {
            before->for_each([&](const auto& key, const auto&) {
                if (!now.contains(key)) f(key, decltype(now.find(key)){nullptr});
            });
        }
        now.for_each([&](const auto& key, const auto& value) { f(key, &value); });
    }

  private:
    RenderedService& service_;
};

/// The file as people see it: secrets shown as <secret name@version>.
[[nodiscard]] std::string picture(const RenderedFile& file);

}  // namespace pic
