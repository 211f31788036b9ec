// What services do with whole worlds: render them, and make the commands that bring one to another.
#include "projections/dispatch.hpp"

#include <unordered_map>

#include "projections/every_service.hpp"

namespace pic {
namespace {

using Render = void (*)(const World*, const World&, Renderer&);

struct RenderTable {
    std::vector<std::string_view> names;
    std::unordered_map<std::string_view, Render> by_name;
    std::unordered_map<std::string_view, bool (*)(const World&)> wanted;
};

template <class S>
bool wanted_by_lookup(const World& world) {
    if constexpr (requires { wanted(S{}, world); }) return wanted(S{}, world);
    return true;
}

template <class S>
void render_by_lookup(const World* before, const World& now, Renderer& out) {
    render(S{}, before, now, out);
}

const RenderTable& render_table() {
    static const auto table = [] {
        RenderTable made;
        each_service([&]<class S> {
            if constexpr (S::renders) {
                made.names.push_back(S::name);
                made.by_name.emplace(S::name, &render_by_lookup<S>);
                made.wanted.emplace(S::name, &wanted_by_lookup<S>);
            }
        });
        return made;
    }();
    return table;
}

template <class S>
void reconcile_by_lookup(const World& now, const World& target, Reconciler& out) {
    if constexpr (requires { reconcile(S{}, now, target, out); }) reconcile(S{}, now, target, out);
}

template <class S>
void go_forward_by_lookup(const World& restored, Forwarder& out) {
    if constexpr (requires { go_forward(S{}, restored, out); }) go_forward(S{}, restored, out);
}

}  // namespace

const std::vector<std::string_view>& rendering_services() { return render_table().names; }

bool is_rendering_service(std::string_view name) { return render_table().by_name.contains(name); }

bool is_wanted(std::string_view service, const World& world) {
    return render_table().wanted.at(service)(world);
}

void render_service(std::string_view service, const World* before, const World& now, RenderedService& out) {
    Renderer renderer(out);
    render_table().by_name.at(service)(before, now, renderer);
}

Artefacts render_all(const World& now) {
    Artefacts all;
    for (const auto service : rendering_services())
        render_service(service, nullptr, now, all[std::string(service)]);
    return all;
}

std::vector<AnyCommand> reconcile_worlds(const World& now, const World& target,
                                         std::function<bool(std::string_view stream)> wants, Moving* moving) {
    Reconciler out(std::move(wants));
    each_service([&]<class S> { reconcile_by_lookup<S>(now, target, out); });
    if (moving != nullptr) *moving = out.moving();
    return out.take();
}

std::vector<AnyCommand> bring_forward(const World& restored, const World* replaced,
                                      std::function<bool(const SecretRef&)> has) {
    Forwarder out(replaced, std::move(has));
    each_service([&]<class S> { go_forward_by_lookup<S>(restored, out); });
    return out.take();
}

}  // namespace pic
