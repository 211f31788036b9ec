// Random lives of a cell: steps that are numbers, read as commands against the world of the moment, so that
// most of them concern something that is there, some collide, and a failing life shrinks to the few steps
// that matter.
#pragma once

#include <rapidcheck.h>

#include <map>

#include "support/write_path.hpp"

namespace pic::test {

struct Step {
    std::uint8_t what = 0, which = 0, how = 0;
};

class RandomHistory {
  public:
    RandomHistory();

    /// One change, or a refusal. Whether anything was appended.
    bool take(const Step& step);
    /// Undoes the change that the event is part of. The refusal of plan or write.
    Result<core::Answer> undo(Sequence sequence);
    Result<core::Answer> restore(Sequence sequence);

    [[nodiscard]] World world() const { return path_.world(); }
    [[nodiscard]] log::MemoryStore& store() { return store_; }
    [[nodiscard]] core::History& history() { return history_; }
    [[nodiscard]] WritePath& path() { return path_; }
    /// The state after each change, by the sequence of its last event.
    [[nodiscard]] const std::map<Sequence, World>& worlds() const { return worlds_; }
    /// The commands so far, for a failing test to show.
    [[nodiscard]] const std::string& told() const { return told_; }

  private:
    Result<core::Answer> run(std::vector<AnyCommand> commands);
    Result<core::Answer> make(Result<core::Compensation> plan);
    void note();

    log::MemoryStore store_{cell_id, Epoch{1}, counting_random()};
    WritePath path_{store_};
    core::History history_{store_};
    std::map<Sequence, World> worlds_;
    std::string told_;
};

/// The cell as a restore can bring it back: without what only goes forward (keys, tokens and bus clients,
/// serials) and what tells how often and when something was changed.
[[nodiscard]] std::string restorable(const World& world);

}  // namespace pic::test

namespace rc {

template <>
struct Arbitrary<pic::test::Step> {
    static Gen<pic::test::Step> arbitrary() {
        using pic::test::Step;
        return gen::build<Step>(gen::set(&Step::what), gen::set(&Step::which), gen::set(&Step::how));
    }
};

}  // namespace rc

namespace pic::test {
inline std::ostream& operator<<(std::ostream& out, const Step& s) {
    return out << "{" << int{s.what} << "," << int{s.which} << "," << int{s.how} << "}";
}
}  // namespace pic::test
