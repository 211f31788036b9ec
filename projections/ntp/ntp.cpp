#include "projections/ntp/ntp.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/core/command.hpp"
#include "projections/world.hpp"

namespace pic::ntp {
namespace {

bool is_address(const Host& host) { return Ipv4::parse(host.text) || Ipv6::parse(host.text); }

Result<void> check(const World& world, const std::vector<Source>& sources) {
    if (sources.size() > sources_limit)
        return invalid_field("/sources", fmt::format("at most {} sources are asked", sources_limit));
    const auto& c = world.get<cell::Service>().cell.settings;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto at = fmt::format("/sources/{}", i);
        const auto& host = sources[i].host;
        if (host.text == to_string(cell::server_address(c)) ||
            host.text == to_string(cell::server_address6(c))) {
            return invalid_field(at + "/host",
                                 "this is the cell itself: it would ask itself what time it is");
        }
        if (sources[i].kind == Kind::pool && is_address(host))
            return invalid_field(at + "/kind", "an address is one server, no pool");
        if (sources[i].nts && is_address(host))
            return invalid_field(at + "/nts", "NTS needs a name: its certificate is for one");
        const auto here = sources.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find_if(sources.begin(), here, [&](const Source& s) { return s.host == host; }) != here) {
            return invalid_field(at + "/host", "this source is there twice");
        }
    }
    return {};
}

/// The cell's own networks may ask; nobody can use a cell to flood somebody else.
std::string config(const cell::Settings<Plain>& c) {
    constexpr int local_stratum = 10;
    auto text = fmt::format("local stratum {}\nallow {}\nallow {}\n", local_stratum, to_string(c.vpn_range),
                            to_string(c.vpn_range6));
    if (c.lan_range) text += fmt::format("allow {}\n", to_string(*c.lan_range));
    return text;
}

std::string sources_text(const std::vector<Source>& sources) {
    std::string text;
    for (const auto& s : sources)
        text += fmt::format("{} {} iburst{}\n", enum_name(s.kind), s.host.text, s.nts ? " nts" : "");
    return text;
}

}  // namespace

Parsed<Host> Host::parse(std::string_view text) {
    if (const auto four = Ipv4::parse(text)) return Host{pic::to_string(*four)};
    if (const auto six = Ipv6::parse(text)) return Host{pic::to_string(*six)};
    auto name = Hostname::parse(text);
    if (!name)
        return std::unexpected("a source is a name such as ntp.example.org or an address: " + name.error());
    return Host{std::move(name->text)};
}

std::string to_string(const Host& v) { return v.text; }

Result<Decision> decide(const World& world, const SetNtp& command) {
    if (auto ok = check(world, command.sources); !ok) return std::unexpected(ok.error());
    Decision decision;
    decision.resource = {"ntp", "", std::string(stream)};
    if (command.sources != world.get<Service>().ntp.sources)
        decision.emit(std::string(stream), NtpSourcesSet{command.sources});
    return decision;
}

void evolve(State& state, const NtpSourcesSet& event, const Meta& meta) {
    state.ntp = {event.sources, meta.version};
}

void render(Service, const World* before, const World& now, Renderer& out) {
    const auto& cell = now.get<cell::Service>().cell;
    if (!cell.claimed) return;
    const bool first = before == nullptr || !before->get<cell::Service>().cell.claimed;
    if (first || before->get<cell::Service>().cell.version != cell.version)
        out.put(config_path, "0", config(cell.settings));
    const auto& ntp = now.get<Service>().ntp;
    if (first || before->get<Service>().ntp.version != ntp.version)
        out.put(sources_path, "0", sources_text(ntp.sources));
}

void reconcile(Service, const World& now, const World& target, Reconciler& out) {
    const auto& then = target.get<Service>().ntp.sources;
    if (out.wants(stream) && then != now.get<Service>().ntp.sources)
        out.add(std::string(stream), SetNtp{then});
}

}  // namespace pic::ntp
