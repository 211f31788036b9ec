// The cell's own services always have a valid certificate: made with the authority (in the set-up itself),
// made anew when the domain changes or a third of its life is left. Looking is cheap, so it is done on a
// timer and not by scheduling (the intermediate too, as long as the vault has the root's key): whatever stood
// in the way (a full disk, a clock set back), the next look mends it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "controller/vault/vault.hpp"
#include "projections/core/command.hpp"

namespace pic::core {

class CertificateKeeper {
  public:
    /// Puts commands to the writer and tells when they are through, one way or the other.
    using Change = std::function<void(std::vector<AnyCommand> commands, std::function<void()> done)>;
    CertificateKeeper(vault::Vault& vault, Change change) : vault_(vault), change_(std::move(change)) {}

    /// Issues what is missing or due by `now`.
    void look(const World& world, Timestamp now);

  private:
    [[nodiscard]] bool renew_intermediate(const World& world, Timestamp now);

    vault::Vault& vault_;
    Change change_;
    std::shared_ptr<std::atomic<bool>> under_way_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace pic::core
