// The cell's names: its own, every peer's, and the records that people add; where everything else is asked for.
#pragma once

#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
class Reconciler;
}  // namespace pic

namespace pic::dns {

struct State {
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct Service {
    static constexpr std::string_view name = "dns";
    static constexpr bool renders = true;
    using State = dns::State;
    using Events = TypeList<>;
    using Commands = TypeList<>;
    template <class S>
    static auto resources(S&) {
        return std::tuple();
    }
};

void render(Service, const World* before, const World& now, Renderer& out);

/// Whether a record, or a name of the cell's own, has this name within the domain.
[[nodiscard]] bool name_in_use(const World& world, const std::string& name);

}  // namespace pic::dns
