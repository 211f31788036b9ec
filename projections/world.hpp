// The state of the whole cell at one sequence: the services' states side by side, each behind a count of
// who shares it. Copying a world copies those counts, and a change copies the one state that it is about,
// so a reader's version, a batch's tentative version and those of time travel are all just Worlds. A tuple
// of the states was rejected: every file that has a world would be built with every service.
//
// As with CowMap, one object is not to be changed by two threads; distinct objects may be, also where they
// share states.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "projections/registry.hpp"
#include "schema/units.hpp"

namespace pic {

namespace world_detail {

struct Shared {
    std::atomic<std::uint32_t> references{1};
    Shared() = default;
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    virtual ~Shared() = default;
};

template <class State>
struct SharedState final : Shared {
    State state;
    SharedState() = default;
    explicit SharedState(const State& other) : state(other) {}
};

/// Holds one reference.
class Slot {
  public:
    Slot() = default;
    explicit Slot(Shared* made) : shared_(made) {}
    Slot(const Slot& other) noexcept : shared_(other.shared_) {
        if (shared_ != nullptr) shared_->references.fetch_add(1, std::memory_order_relaxed);
    }
    Slot(Slot&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    Slot& operator=(Slot other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~Slot() {
        if (shared_ != nullptr && shared_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete shared_;
    }
    [[nodiscard]] Shared* get() const { return shared_; }
    [[nodiscard]] bool is_shared() const { return shared_->references.load(std::memory_order_acquire) != 1; }

  private:
    Shared* shared_ = nullptr;
};

template <class S, class... All>
consteval std::size_t index_in(TypeList<All...>) {
    constexpr std::array<bool, sizeof...(All)> same{std::is_same_v<S, All>...};
    std::size_t index = 0;
    while (!same[index]) ++index;
    return index;
}

template <class... All>
consteval std::size_t count_of(TypeList<All...>) {
    return sizeof...(All);
}

}  // namespace world_detail

class World {
  public:
    /// The last event that made it.
    Sequence sequence;

    /// The state of service S, e.g. get<peers::Service>(). Valid until this object changes.
    template <class S>
    [[nodiscard]] const typename S::State& get() const {
        using namespace world_detail;
        static const typename S::State none{};
        const auto* const shared = slots_[index_in<S>(Services{})].get();
        return shared == nullptr ? none : static_cast<const SharedState<typename S::State>*>(shared)->state;
    }
    /// The same, to be changed in place: what other worlds hold stays as it is.
    template <class S>
    [[nodiscard]] typename S::State& edit() {
        using namespace world_detail;
        using Made = SharedState<typename S::State>;
        auto& slot = slots_[index_in<S>(Services{})];
        if (slot.get() == nullptr) {
            slot = Slot(new Made);
        } else if (slot.is_shared()) {
            slot = Slot(new Made(static_cast<const Made*>(slot.get())->state));
        }
        return static_cast<Made*>(slot.get())->state;
    }

  private:
    std::array<world_detail::Slot, world_detail::count_of(Services{})> slots_;
};

}  // namespace pic
