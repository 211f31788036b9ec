// Files: a space for every person who may use the service, and nobody else's reach into it. A space follows
// from the account, so it comes and goes with it in the same change; what is in it stays on the disk until
// somebody deletes it there, and a person who is brought back finds it again.
#pragma once

#include "projections/core/render.hpp"
#include "projections/core/service.hpp"

namespace pic {
class World;
}

namespace pic::files {

struct State {
    template <class Self>
    static auto fields(Self&) {
        return std::tuple();
    }
};

struct Service {
    static constexpr std::string_view name = "files";
    static constexpr bool renders = true;
    using State = files::State;
    using Events = TypeList<>;
    using Commands = TypeList<>;
    template <class S>
    static auto resources(S&) {
        return std::tuple();
    }
};

inline constexpr char config_path[] = "apache2.conf";
inline constexpr char spaces_path[] = "spaces.conf";
inline constexpr char users_path[] = "users";

void render(Service, const World* before, const World& now, Renderer& out);

}  // namespace pic::files
