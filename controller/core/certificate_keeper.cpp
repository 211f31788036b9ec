#include "controller/core/certificate_keeper.hpp"

#include <spdlog/spdlog.h>

#include "controller/authority/office.hpp"
#include "controller/core/supply.hpp"
#include "projections/world.hpp"

namespace pic::core {

void CertificateKeeper::look(const World& world, Timestamp now) {
    if (*under_way_) return;
    if (authority::intermediate_is_due(world, now) && renew_intermediate(world, now)) return;
    auto due = authority::certify_due(vault_, world, now, new_uuid);
    if (!due)
        return spdlog::warn("{}: no certificate for the cell's services: {}", due.error().code,
                            due.error().detail);
    if (due->empty()) return;
    std::vector<AnyCommand> commands;
    for (auto& command : *due) {
        commands.push_back(std::make_unique<CommandOf<certificates::IssueCertificate>>(std::move(command)));
    }
    *under_way_ = true;
    change_(std::move(commands), [under_way = under_way_] { *under_way = false; });
}

/// False: the root's key is kept elsewhere; a finding says so.
bool CertificateKeeper::renew_intermediate(const World& world, Timestamp now) {
    auto renewed = authority::renew_intermediate(vault_, world, std::nullopt, now);
    if (!renewed) return false;
    std::vector<AnyCommand> commands;
    commands.push_back(std::make_unique<CommandOf<certificates::RenewIntermediate>>(*std::move(renewed)));
    *under_way_ = true;
    change_(std::move(commands), [under_way = under_way_] { *under_way = false; });
    return true;
}

}  // namespace pic::core
