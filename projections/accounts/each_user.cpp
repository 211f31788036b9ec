#include "projections/accounts/each_user.hpp"

namespace pic::accounts {

Nodes htpasswd_line(const World& world, const User& user, std::string_view service) {
    const auto hashes = credentials(world.get<Service>(), user, service, PasswordForm::bcrypt);
    if (hashes.empty()) return {};
    return {user.username.text + ":", hashes.front(), std::string("\n")};
}

}  // namespace pic::accounts
