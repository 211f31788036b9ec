// The state of the whole cell at one sequence: the states of all services side by side. Copying it copies a
// few reference counts, so a reader's version, a batch's tentative version and the versions of time travel
// are all just Worlds.
#pragma once

#include <tuple>

#include "projections/registry.hpp"

namespace pic {

namespace world_detail {
template <class List>
struct StatesOf;
template <class... S>
struct StatesOf<TypeList<S...>> {
    using type = std::tuple<typename S::State...>;
};
}  // namespace world_detail

class World {
  public:
    using States = world_detail::StatesOf<Services>::type;

    /// The last event that made it.
    Sequence sequence;

    /// The state of service S, e.g. get<peers::Service>().
    template <class S>
    [[nodiscard]] const typename S::State& get() const {
        return std::get<typename S::State>(states_);
    }
    template <class S>
    [[nodiscard]] typename S::State& edit() {
        return std::get<typename S::State>(states_);
    }
    [[nodiscard]] const States& states() const { return states_; }
    [[nodiscard]] States& states() { return states_; }

  private:
    States states_;
};

}  // namespace pic
