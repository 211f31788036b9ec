// A command whose type the caller need not know: the registry makes it from JSON, the write path prepares and
// decides it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "projections/core/decision.hpp"
#include "projections/core/supply.hpp"

namespace pic {

class World;

class Command {
  public:
    virtual ~Command() = default;
    [[nodiscard]] virtual std::string_view type() const = 0;
    /// Fills in what decide() needs from outside; called once, before the command is queued.
    virtual void prepare(Supply& supply) = 0;
    /// Pure: the same world gives the same answer. May be called more than once.
    [[nodiscard]] virtual Result<Decision> decide(const World& world) const = 0;
};

using AnyCommand = std::unique_ptr<Command>;

/// Collects the commands that bring one world to the other, for undo and restore. `wants(stream)` limits it
/// to what is to be changed.
class Reconciler {
  public:
    explicit Reconciler(std::function<bool(std::string_view stream)> wants) : wants_(std::move(wants)) {}
    [[nodiscard]] bool wants(std::string_view stream) const { return wants_(stream); }
    /// `stream` is the one that the command brings back.
    template <class T>
    void add(std::string stream, T command);
    /// The streams of all commands, those that are yet to be added included.
    [[nodiscard]] Moving moving() const { return moving_; }
    [[nodiscard]] std::vector<AnyCommand> take() { return std::move(commands_); }

  private:
    std::function<bool(std::string_view)> wants_;
    std::vector<AnyCommand> commands_;
    std::shared_ptr<std::set<std::string, std::less<>>> moving_ =
        std::make_shared<std::set<std::string, std::less<>>>();
};

// Outside the class, where its own members do not hide the functions that argument-dependent look-up is to
// find.
template <class T>
void prepare_by_lookup(T& command, Supply& supply) {
    if constexpr (requires { prepare(command, supply); }) prepare(command, supply);
}
template <class T>
Result<Decision> decide_by_lookup(const World& world, const T& command) {
    return decide(world, command);
}

template <class T>
class CommandOf final : public Command {
  public:
    explicit CommandOf(T data) : data_(std::move(data)) {}
    [[nodiscard]] std::string_view type() const override { return T::type; }
    void prepare(Supply& supply) override { prepare_by_lookup(data_, supply); }
    [[nodiscard]] Result<Decision> decide(const World& world) const override {
        return decide_by_lookup(world, data_);
    }

  private:
    T data_;
};

/// Collects the commands that bring a restored backup forward: what was given up or made anew since it was
/// taken must not come back with it.
class Forwarder {
  public:
    using HasSecret = std::function<bool(const SecretRef&)>;

    Forwarder(const World* replaced, HasSecret has) : replaced_(replaced), has_(std::move(has)) {}
    /// The world that the backup takes the place of; nothing where that was another cell's.
    [[nodiscard]] const World* replaced() const { return replaced_; }
    /// Whether the vault still holds it: what was destroyed since the backup stays destroyed.
    [[nodiscard]] bool has(const SecretRef& ref) const { return has_(ref); }
    [[nodiscard]] bool lacks(const std::optional<SecretRef>& ref) const { return ref && !has_(*ref); }
    template <class T>
    void add(T command);
    [[nodiscard]] std::vector<AnyCommand> take() { return std::move(commands_); }

  private:
    const World* replaced_;
    HasSecret has_;
    std::vector<AnyCommand> commands_;
};

template <class T>
void Forwarder::add(T command) {
    commands_.push_back(std::make_unique<CommandOf<T>>(std::move(command)));
}

template <class T>
void Reconciler::add(std::string stream, T command) {
    moving_->insert(std::move(stream));
    commands_.push_back(std::make_unique<CommandOf<T>>(std::move(command)));
}

}  // namespace pic
