#include "adapters/agent/wireguard_check.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <unordered_map>

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

/// The network in its own bytes, host bits cleared, prefixed by family and length; empty when it is none.
std::string network_of(std::string_view text) {
    const auto slash = text.find('/');
    const std::string address(text.substr(0, slash));
    std::array<unsigned char, 16> bytes{};
    const bool v6 = address.contains(':');
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) return {};
    const unsigned width = v6 ? 128 : 32;
    unsigned length = width;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        if (!is_number(digits, width)) return {};
        std::from_chars(digits.data(), digits.data() + digits.size(), length);
    }
    for (unsigned bit = length; bit < width; ++bit)
        bytes[bit / 8] &= static_cast<unsigned char>(~(0x80U >> (bit % 8)));
    std::string key{v6 ? '6' : '4', static_cast<char>(length)};
    return key.append(reinterpret_cast<const char*>(bytes.data()), width / 8);
}

class Checker {
  public:
    Result<void> check(std::string_view text) {
        for (line_ = 1; !text.empty(); ++line_) {
            const auto end = std::min(text.find('\n'), text.size());
            auto line = trim(text.substr(0, std::min(end, text.find('#'))));
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.empty()) continue;
            if (auto ok = take(line); !ok) return ok;
        }
        if (auto ok = end_section(); !ok) return ok;
        if (interfaces_ != 1) return reject("bad_config", "there is not exactly one [Interface]");
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
            const auto [first, fresh] = keys_.emplace(value, peer_);
            return fresh ? Result<void>{} : wrong(fmt::format("the key of peer {} again", first->second));
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
            auto key = network_of(network);
            if (key.empty()) return wrong("AllowedIPs is no list of networks");
            const auto [first, fresh] = networks_.emplace(std::move(key), peer_);
            if (!fresh && first->second != peer_) {
                return wrong(fmt::format("{} is peer {}'s already", network, first->second));
            }
        }
        return {};
    }

    std::size_t line_ = 0;
    Section section_ = Section::none;
    int interfaces_ = 0;
    int peer_ = 0;  ///< number of the section, from 1
    bool has_key_ = false;
    std::unordered_map<std::string_view, int> keys_;
    std::unordered_map<std::string, int> networks_;
};

}  // namespace

Result<void> check_wireguard(std::string_view text) { return Checker{}.check(text); }

}  // namespace pic::agent
