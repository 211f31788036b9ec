#include "controller/http/hosts.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>

namespace pic::http {
namespace {

/// An address that is not known may be new: the interfaces are asked again, but not more often than this.
constexpr std::chrono::seconds address_refresh{5};

bool is_address(const std::string& name) {
    std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
    return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

}  // namespace

std::string host_name(std::string_view host) {
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        if (end == std::string_view::npos) return {};
        const auto rest = host.substr(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) return {};
        host = host.substr(1, end - 1);
    } else {
        const auto colon = host.find(':');
        const auto port = colon == std::string_view::npos ? std::string_view{} : host.substr(colon + 1);
        if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return {};
        host = host.substr(0, colon);
    }
    std::string name(host);
    for (auto& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (name.ends_with('.')) name.pop_back();
    return name;
}

Hosts::Hosts(const std::vector<std::string>& configured, const Gatekeeper& gatekeeper)
    : gatekeeper_(gatekeeper), names_{"localhost", "127.0.0.1", "::1"} {
    for (const auto& name : configured) {
        if (name == any_address) {
            any_address_ = true;
        } else {
            names_.insert(host_name(name));
        }
    }
    read_addresses();
}

bool Hosts::knows(std::string_view host) {
    const auto name = host_name(host);
    if (name.empty()) return false;
    if (names_.contains(name) || addresses_.contains(name) || gatekeeper_.is_cell_name(name)) return true;
    if (any_address_ && is_address(name)) return true;
    if (std::chrono::steady_clock::now() - read_at_ < address_refresh) return false;
    read_addresses();
    return addresses_.contains(name);
}

void Hosts::read_addresses() {
    read_at_ = std::chrono::steady_clock::now();
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return;
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    addresses_.clear();
    for (const auto* at = list; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr) continue;
        std::array<char, INET6_ADDRSTRLEN> text{};
        const void* address = nullptr;
        if (at->ifa_addr->sa_family == AF_INET) {
            address = &reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr;
        } else if (at->ifa_addr->sa_family == AF_INET6) {
            address = &reinterpret_cast<const sockaddr_in6*>(at->ifa_addr)->sin6_addr;
        } else {
            continue;
        }
        if (inet_ntop(at->ifa_addr->sa_family, address, text.data(), text.size()) != nullptr)
            addresses_.insert(text.data());
    }
}

}  // namespace pic::http
