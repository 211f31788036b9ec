#include "adapters/agent/wireguard_check.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace pic::agent {

namespace {

constexpr std::size_t key_length = 44;  ///< 32 bytes in base64

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// 43 characters, the last of which carries four bits, and one of padding: the only spelling of 32 bytes.
bool is_key(std::string_view text) {
    static constexpr std::string_view last = "AEIMQUYcgkosw048";
    return text.size() == key_length && text.back() == '=' &&
           std::all_of(text.begin(), text.end() - 1, is_base64) && last.contains(text[key_length - 2]);
}

bool is_number(std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value <= most;
}

/// What two peers may not both claim: a key, or a network as family, prefix length and address without host
/// bits.
struct Claim {
    std::array<unsigned char, key_length> what{};
    std::size_t line = 0;
    int peer = 0;
};

/// False when it is no network.
bool put_network(std::string_view text, Claim& claim) {
    const auto slash = std::min(text.find('/'), text.size());
    const bool v6 = text.contains(':');
    const unsigned width = v6 ? 128 : 32;
    std::array<char, INET6_ADDRSTRLEN> address{};
    if (slash >= address.size()) return false;
    std::copy_n(text.begin(), slash, address.begin());
    unsigned char* const bytes = claim.what.data() + 2;
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, address.data(), bytes) != 1) return false;
    unsigned length = width;
    if (slash < text.size()) {
        const auto digits = text.substr(slash + 1);
        if (!is_number(digits, width)) return false;
        std::from_chars(digits.data(), digits.data() + digits.size(), length);
    }
    for (unsigned bit = length; bit < width; ++bit)
        bytes[bit / 8] &= static_cast<unsigned char>(~(0x80U >> (bit % 8)));
    claim.what[0] = v6 ? 6 : 4;
    claim.what[1] = static_cast<unsigned char>(length);
    return true;
}

/// The first line that claims what another peer has already claimed, and that peer. (Sorted once at the end:
/// a hash table with an entry for every claim took most of the time that checking a thousand peers takes.)
std::optional<std::pair<Claim, Claim>> contested(std::vector<Claim>& claims) {
    std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
        const int order = std::memcmp(a.what.data(), b.what.data(), a.what.size());
        return order != 0 ? order < 0 : a.line < b.line;
    });
    std::optional<std::pair<Claim, Claim>> first;
    for (std::size_t i = 1; i < claims.size(); ++i) {
        if (claims[i].what != claims[i - 1].what || claims[i].peer == claims[i - 1].peer) continue;
        if (!first || claims[i].line < first->second.line) first.emplace(claims[i - 1], claims[i]);
    }
    return first;
}

class Checker {
  public:
    Result<void> check(std::string_view text) {
        for (line_ = 1; !text.empty(); ++line_) {
            const auto whole = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(whole.size() + 1, text.size()));
            const auto line = trim(whole.substr(0, whole.find('#')));
            if (line.empty()) continue;
            if (auto ok = take(line); !ok) return ok;
        }
        if (auto ok = end_section(); !ok) return ok;
        if (interfaces_ != 1) return reject("bad_config", "there is not exactly one [Interface]");
        if (const auto twice = contested(keys_)) {
            line_ = twice->second.line;
            return wrong(fmt::format("the key of peer {} again", twice->first.peer));
        }
        if (const auto twice = contested(networks_)) {
            line_ = twice->second.line;
            return wrong(fmt::format("a network that is peer {}'s already", twice->first.peer));
        }
        return {};
    }

  private:
    enum class Section { none, interface, peer };

    [[nodiscard]] std::unexpected<Rejection> wrong(std::string_view what) const {
        return reject("bad_config", fmt::format("line {}: {}", line_, what));
    }

    Result<void> take(std::string_view line) {
        if (line.front() == '[') return begin_section(line);
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return wrong("no key and value");
        const auto key = trim(line.substr(0, equals));
        const auto value = trim(line.substr(equals + 1));
        switch (section_) {
            case Section::interface:
                return take_interface(key, value);
            case Section::peer:
                return take_peer(key, value);
            case Section::none:
                break;
        }
        return wrong("a setting before any section");
    }

    Result<void> begin_section(std::string_view line) {
        if (auto ok = end_section(); !ok) return ok;
        if (line == "[Interface]") {
            section_ = Section::interface;
            ++interfaces_;
            return {};
        }
        if (line != "[Peer]") return wrong("an unknown section");
        section_ = Section::peer;
        has_key_ = false;
        ++peer_;
        return {};
    }

    Result<void> end_section() {
        if (section_ == Section::peer && !has_key_) return wrong("the peer before has no PublicKey");
        return {};
    }

    Result<void> take_interface(std::string_view key, std::string_view value) {
        if (key == "PrivateKey") return is_key(value) ? Result<void>{} : wrong("PrivateKey is no key");
        if (key == "ListenPort")
            return is_number(value, 65535) ? Result<void>{} : wrong("ListenPort is no port");
        if (key == "FwMark") return {};
        return wrong("an unknown setting of the interface");
    }

    Result<void> take_peer(std::string_view key, std::string_view value) {
        if (key == "PublicKey") {
            if (!is_key(value)) return wrong("PublicKey is no key");
            has_key_ = true;
            Claim claim{.line = line_, .peer = peer_};
            std::copy(value.begin(), value.end(), claim.what.begin());
            keys_.push_back(claim);
            return {};
        }
        if (key == "PresharedKey") return is_key(value) ? Result<void>{} : wrong("PresharedKey is no key");
        if (key == "AllowedIPs") return take_networks(value);
        if (key == "Endpoint") return {};
        if (key == "PersistentKeepalive") {
            return value == "off" || is_number(value, 65535) ? Result<void>{}
                                                             : wrong("PersistentKeepalive is no number");
        }
        return wrong("an unknown setting of a peer");
    }

    Result<void> take_networks(std::string_view list) {
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            const auto network = trim(list.substr(0, comma));
            list.remove_prefix(std::min(comma + 1, list.size()));
            Claim claim{.line = line_, .peer = peer_};
            if (!put_network(network, claim)) return wrong("AllowedIPs is no list of networks");
            networks_.push_back(claim);
        }
        return {};
    }

    std::size_t line_ = 0;
    Section section_ = Section::none;
    int interfaces_ = 0;
    int peer_ = 0;  ///< number of the section, from 1
    bool has_key_ = false;
    std::vector<Claim> keys_;
    std::vector<Claim> networks_;
};

}  // namespace

Result<void> check_wireguard(std::string_view text) { return Checker{}.check(text); }

}  // namespace pic::agent
