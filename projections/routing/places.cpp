#include "projections/routing/places.hpp"

#include <charconv>

#include <fmt/format.h>

namespace pic::routing {
namespace {

constexpr unsigned port_most = 65535;

/// A port, or 0 where it is none.
unsigned port_of(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && !text.starts_with('0') && value <= port_most ? value : 0;
}

}  // namespace

Parsed<Place> Place::parse(std::string_view text) {
    if (text == "any") return Place{};
    if (const auto network = Cidr::parse(text)) return Place{to_string(*network)};
    if (const auto four = Ipv4::parse(text)) return Place{to_string(*four)};
    if (const auto six = Ipv6::parse(text)) return Place{to_string(*six)};
    return std::unexpected("say any, an address such as 10.8.0.2, or a network such as 192.168.1.0/24");
}

Parsed<Ports> Ports::parse(std::string_view text) {
    const auto wrong = [] {
        return std::unexpected(
            std::string("ports look like 443 or 80,443,8000-8010, each once and in rising order"));
    };
    Ports out;
    unsigned last = 0;
    for (std::size_t count = 0; !text.empty(); ++count) {
        if (count == limit)
            return std::unexpected(fmt::format("at most {} ports and ranges are taken", limit));
        const auto item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        const auto dash = item.find('-');
        const auto first = port_of(item.substr(0, dash));
        const auto end = dash == std::string_view::npos ? first : port_of(item.substr(dash + 1));
        if (first == 0 || end < first || first <= last) return wrong();
        last = end;
        if (!out.text.empty()) out.text += ',';
        out.text += item;
    }
    if (out.text.empty()) return wrong();
    return out;
}

std::string to_string(const Place& v) { return v.text; }
std::string to_string(const Ports& v) { return v.text; }

}  // namespace pic::routing
