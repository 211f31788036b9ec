#include "adapters/agent/interface.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pic::agent {

namespace {

using Json = nlohmann::json;
using Networks = std::set<std::string>;

constexpr std::chrono::milliseconds ip_limit{5'000};

/// What ip(8) says of the interface.
struct Present {
    Networks addresses;
    std::int64_t mtu = 0;
    bool up = false;
};

class Ip {
  public:
    Ip(const std::string& program, const Namespace* space) : program_(program), space_(space) {}

    Result<void> run(std::vector<std::string> arguments) const {
        auto ran = start(std::move(arguments));
        return ran ? Result<void>{} : std::unexpected(ran.error());
    }
    Result<Json> query(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "-json");
        const auto text = start(std::move(arguments));
        if (!text) return std::unexpected(text.error());
        if (text->empty()) return Json::array();
        auto json = Json::parse(*text, nullptr, false);
        if (!json.is_array()) return reject("interface", "ip(8) printed no JSON");
        return json;
    }

  private:
    Result<std::string> start(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), program_);
        auto ran = agent::run({.argv = arguments, .space = space_}, ip_limit);
        if (!ran.ok())
            return reject("interface", fmt::format("{}: {}", fmt::join(arguments, " "), ran.output));
        return std::move(ran.output);
    }

    const std::string& program_;
    const Namespace* space_;
};

Result<Present> look(const Ip& ip, const std::string& name) {
    const auto list = ip.query({"address", "show", "dev", name});
    if (!list) return std::unexpected(list.error());
    Present present;
    for (const auto& link : *list) {
        if (!link.contains("ifname")) continue;
        present.mtu = link.value("mtu", std::int64_t{0});
        for (const auto& flag : link.value("flags", Json::array())) present.up = present.up || flag == "UP";
        for (const auto& a : link.value("addr_info", Json::array())) {
            if (a.value("scope", "") == "link") continue;  // the kernel's own, fe80::/10
            present.addresses.insert(fmt::format("{}/{}", a.value("local", ""), a.value("prefixlen", 0)));
        }
    }
    return present;
}

Result<Networks> networks(const std::string& text) {
    Networks all;
    for (const auto& word : words(text)) {
        auto network = canonical_network(word);
        if (network.empty()) return reject("interface", word + " is no network");
        all.insert(std::move(network));
    }
    return all;
}

bool is_v6(const std::string& network) { return network.contains(':'); }

Result<void> set_addresses(const Ip& ip, const std::string& name, const Networks& wanted, Present present) {
    bool removed = false;
    for (const auto& address : present.addresses) {
        if (wanted.contains(address)) continue;
        if (auto ok = ip.run({"address", "del", address, "dev", name}); !ok) return ok;
        removed = true;
    }
    if (removed) {  // with a first address the kernel may take others of its network away
        auto again = look(ip, name);
        if (!again) return std::unexpected(again.error());
        present = std::move(*again);
    }
    for (const auto& address : wanted) {
        if (present.addresses.contains(address)) continue;
        std::vector<std::string> add{"address", "add", address, "dev", name};
        if (is_v6(address)) add.emplace_back("nodad");  // nobody else is on a tunnel
        if (auto ok = ip.run(std::move(add)); !ok) return ok;
    }
    return {};
}

/// Ours are those of `proto static`; what the kernel derives from addresses is none of our business.
Result<void> set_routes(const Ip& ip, const std::string& name, const Networks& wanted) {
    Networks present;
    for (const char* family : {"-4", "-6"}) {
        const auto list = ip.query({family, "route", "show", "dev", name, "proto", "static"});
        if (!list) return std::unexpected(list.error());
        for (const auto& route : *list) {
            auto network = route.value("dst", "");
            if (!network.contains('/')) network += family[1] == '6' ? "/128" : "/32";
            present.insert(network);
        }
    }
    for (const auto& network : present) {
        const char* family = is_v6(network) ? "-6" : "-4";
        if (wanted.contains(network)) continue;
        if (auto ok = ip.run({family, "route", "del", network, "dev", name, "proto", "static"}); !ok)
            return ok;
    }
    for (const auto& network : wanted) {
        const char* family = is_v6(network) ? "-6" : "-4";
        if (present.contains(network)) continue;
        if (auto ok = ip.run({family, "route", "replace", network, "dev", name, "proto", "static"}); !ok)
            return ok;
    }
    return {};
}

}  // namespace

std::vector<std::string> words(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> all;
    for (std::string word; in >> word;) all.push_back(word);
    return all;
}

std::string canonical_network(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return {};
    const auto address = text.substr(0, slash);
    const int family = is_v6(address) ? AF_INET6 : AF_INET;
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> printed{};
    if (::inet_pton(family, address.c_str(), bytes.data()) != 1) return {};
    if (::inet_ntop(family, bytes.data(), printed.data(), printed.size()) == nullptr) return {};
    unsigned length = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + slash + 1, last, length);
    if (error != std::errc{} || end != last || length > (family == AF_INET6 ? 128U : 32U)) return {};
    return fmt::format("{}/{}", printed.data(), length);
}

Result<void> set_interface(const std::string& ip_program, const Namespace* space,
                           const InterfaceSettings& wanted) {
    const Ip ip(ip_program, space);
    const auto addresses = networks(wanted.addresses);
    if (!addresses) return std::unexpected(addresses.error());
    const auto routes = networks(wanted.routes);
    if (!routes) return std::unexpected(routes.error());
    const auto present = look(ip, wanted.name);
    if (!present) return std::unexpected(present.error());

    if (!wanted.mtu.empty() && wanted.mtu != std::to_string(present->mtu)) {
        if (auto ok = ip.run({"link", "set", "dev", wanted.name, "mtu", wanted.mtu}); !ok) return ok;
    }
    if (auto ok = set_addresses(ip, wanted.name, *addresses, *present); !ok) return ok;
    if (!present->up) {
        if (auto ok = ip.run({"link", "set", "dev", wanted.name, "up"}); !ok) return ok;
    }
    return set_routes(ip, wanted.name, *routes);
}

}  // namespace pic::agent
