// A cell in memory for tests: commands are decided one change-set after the other, their events kept and
// folded as the writer does it, with ids, keys and times that are the same on every run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "projections/core/command.hpp"
#include "projections/dispatch.hpp"
#include "projections/every_service.hpp"

namespace pic::test {

class FakeSupply final : public Supply {
  public:
    Timestamp now() override;
    Uuid uuid() override;
    std::uint64_t random() override;
    SealedKeyPair wireguard_key_pair(const std::string& subject) override;
    SecretRef preshared_key(const std::string& subject) override;

  private:
    SecretRef sealed(const std::string& name);
    std::uint64_t uuids_ = 0, keys_ = 0, randoms_ = 0;
    std::map<std::string, std::uint32_t> versions_;
};

/// The nth id that a FakeSupply gives, from 1.
[[nodiscard]] Uuid nth_uuid(std::uint64_t n);
/// The nth public key that a FakeSupply gives, from 1.
[[nodiscard]] WgKey nth_key(std::uint64_t n);

struct StoredEvent {
    NewEvent event;
    Meta meta;
    std::size_t change = 0;  ///< which change-set made it
};

class Scene {
  public:
    /// One command from JSON, as one change.
    Result<ResourceName> run(std::string_view type, std::string_view json = "{}");
    /// All or none.
    Result<std::vector<ResourceName>> run(std::vector<AnyCommand> commands);
    /// Decodes and prepares.
    Result<AnyCommand> make(std::string_view type, std::string_view json);

    /// Sets up the cell home.example, 10.8.0.0/24, with keys for WireGuard.
    Scene& set_up(std::string_view vpn_range = "10.8.0.0/24", std::string_view domain = "home.example");
    /// run() that must succeed.
    ResourceName must(std::string_view type, std::string_view json = "{}");

    /// Appends the commands that bring the world to what it was after `to`.
    Result<std::vector<ResourceName>> restore(Sequence to);
    /// Undoes a change as the controller does: every stream that it touched goes back to what it was before.
    Result<std::vector<ResourceName>> undo(std::size_t change);

    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] const std::vector<StoredEvent>& log() const { return log_; }
    [[nodiscard]] std::size_t changes() const { return changes_; }
    /// The world made from stored events alone, up to and including a sequence.
    [[nodiscard]] World replay(Sequence to) const;
    [[nodiscard]] World replay() const { return replay(world_.sequence); }

  private:
    StreamVersion version_of(const std::string& stream) const;

    FakeSupply supply_;
    Evolver evolver_;
    World world_;
    std::vector<StoredEvent> log_;
    std::map<std::string, StreamVersion> versions_;
    std::size_t changes_ = 0;
};

/// Every file of a service as people see it, by path.
[[nodiscard]] std::map<std::string, std::string> pictures(const World& world, std::string_view service);
/// One file, "" where there is none.
[[nodiscard]] std::string file_of(const World& world, std::string_view service, const std::string& path);

/// The code of a refusal and its first pointer, "name_taken /name"; "" for success.
template <class T>
std::string refusal(const Result<T>& result) {
    if (result) return {};
    const auto& e = result.error();
    return e.code + (e.errors.empty() ? "" : " " + e.errors.front().pointer);
}

}  // namespace pic::test
