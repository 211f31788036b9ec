// Webmail: Roundcube before the cell's own mail and nobody else's. It has no state in the log; it is there
// where mail is, and people sign in to it with their mailbox. What it keeps (address books, settings, its
// session key) it makes itself.
#pragma once

#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
}

namespace pic::webmail {

struct State {
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct Service {
    static constexpr std::string_view name = "webmail";
    static constexpr bool renders = true;
    using State = webmail::State;
    using Events = TypeList<>;
    using Commands = TypeList<>;
    template <class S>
    static auto resources(S&) {
        return std::tuple();
    }
};

[[nodiscard]] bool wanted(Service, const World& world);
void render(Service, const World* before, const World& now, Renderer& out);

}  // namespace pic::webmail
