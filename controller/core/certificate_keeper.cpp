#include "controller/core/certificate_keeper.hpp"

#include <spdlog/spdlog.h>

#include "controller/authority/office.hpp"
#include "controller/core/supply.hpp"
#include "projections/world.hpp"

namespace pic::core {

void CertificateKeeper::look(const World& world, Timestamp now) {
    if (*under_way_) return;
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

}  // namespace pic::core
