// What a rule of the firewall speaks of: where packets come from or go to, and their ports. Scalars like
// those of schema/scalars.hpp, kept here because nothing else has a use for "any".
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/scalars.hpp"

namespace pic::routing {

/// "any", an address or a network of either family, in its canonical spelling.
struct Place {
    std::string text = "any";
    static Parsed<Place> parse(std::string_view text);
    [[nodiscard]] bool is_any() const { return text == "any"; }
    [[nodiscard]] bool is_v6() const { return text.find(':') != std::string::npos; }
    friend auto operator<=>(const Place&, const Place&) = default;
};

/// Ports and ranges of ports, separated by commas, each once and in rising order: "80,443,8000-8010".
struct Ports {
    std::string text;
    static constexpr std::size_t limit = 32;  ///< ports and ranges
    static Parsed<Ports> parse(std::string_view text);
    friend auto operator<=>(const Ports&, const Ports&) = default;
};

std::string to_string(const Place& v);
std::string to_string(const Ports& v);

}  // namespace pic::routing
