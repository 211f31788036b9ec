#include "controller/core/time_zones.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace pic::core {

bool is_time_zone(std::string_view name) {
    if (name == "UTC") return true;
    // The same zones under other conventions, which programs do not look up by name.
    for (const std::string_view other : {"posix/", "right/"}) {
        if (name.starts_with(other)) return false;
    }
    // No name of the form has a dot, so none leaves the folder. RFC 8536: a zone's file begins with "TZif".
    std::ifstream file(std::filesystem::path("/usr/share/zoneinfo") / name, std::ios::binary);
    std::array<char, 4> magic{};
    return file.read(magic.data(), magic.size()) && std::string_view(magic.data(), magic.size()) == "TZif";
}

Result<void> check_time_zone(const TimeZone& zone, std::string_view pointer) {
    if (is_time_zone(zone.text)) return {};
    auto detail =
        fmt::format("there is no time zone {}: they are called like Europe/Berlin or UTC", zone.text);
    return reject("invalid_field", detail, {{std::string(pointer), detail}});
}

}  // namespace pic::core
