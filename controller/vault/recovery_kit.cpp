#include "controller/vault/recovery_kit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/vault/private_file.hpp"
#include "schema/sha256.hpp"

namespace pic::vault {
namespace {

constexpr std::string_view prefix = "PIC1";
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // RFC 4648
constexpr std::size_t key_size = 32, check_size = 3;  // 35 bytes are 56 letters: 14 groups
constexpr std::size_t group = 4;

/// A folder that is gone when the drill is over, with the copy of the vault and the key beside it.
struct Workplace {
    explicit Workplace(std::filesystem::path where) : path(std::move(where)) {
        std::filesystem::create_directory(path);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    ~Workplace() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    std::filesystem::path path;
};

}  // namespace

Secret encode_kit(const Secret& master) {
    Secret bytes(key_size + check_size);
    std::ranges::copy(master.reveal().substr(0, key_size), bytes.bytes().begin());
    const auto check = sha256(master.reveal());
    std::ranges::copy_n(check.begin(), check_size, bytes.bytes().begin() + key_size);
    const std::size_t letters = bytes.size() * 8 / 5;
    Secret text(prefix.size() + letters + letters / group);
    auto out = std::ranges::copy(prefix, text.bytes().begin()).out;
    unsigned bits = 0, have = 0;
    std::size_t written = 0;
    for (const auto byte : bytes.reveal()) {
        bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xffffU;
        for (have += 8; have >= 5; have -= 5) {
            if (written++ % group == 0) *out++ = '-';
            *out++ = static_cast<unsigned char>(alphabet[bits >> (have - 5) & 31U]);
        }
    }
    return text;
}

std::optional<Secret> decode_kit(std::string_view text) {
    Secret letters(text.size());
    std::size_t count = 0;
    for (const char c : text) {
        if (c == '-' || c == ' ' || c == '\n' || c == '\r') continue;
        letters.bytes()[count++] = static_cast<unsigned char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    auto body = letters.reveal().substr(0, count);
    if (!body.starts_with(prefix) || body.size() != prefix.size() + (key_size + check_size) * 8 / 5)
        return std::nullopt;
    body.remove_prefix(prefix.size());
    Secret bytes(key_size + check_size);
    unsigned bits = 0, have = 0;
    auto out = bytes.bytes().begin();
    for (const char letter : body) {
        const auto value = alphabet.find(letter);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 5 | static_cast<unsigned>(value)) & 0xffffU;
        have += 5;
        if (have < 8) continue;
        have -= 8;
        *out++ = static_cast<unsigned char>(bits >> have & 0xffU);
    }
    auto master = Secret::copy_of(bytes.reveal().substr(0, key_size));
    const auto check = sha256(master.reveal());
    if (!std::equal(check.begin(), check.begin() + check_size, bytes.bytes().begin() + key_size))
        return std::nullopt;
    return master;
}

Result<std::size_t> drill(const Vault& vault, std::string_view kit, const std::filesystem::path& folder) {
    if (!vault.key_file())
        return reject("not_by_key_file", "this vault is opened by a passphrase: that is its recovery kit");
    const auto master = decode_kit(kit);
    if (!master) return reject("kit_invalid", "this is no recovery kit: a letter is wrong or missing");
    const Workplace work(folder);
    const auto key = work.path / "master.key";
    vault.copy_to(work.path / "vault.db");
    if (const auto written = write_private_file(key, *master, IfExists::refuse); !written) {
        return reject("vault_unwritable", written.error().detail);
    }
    auto opened = Vault::open({work.path / "vault.db", key});
    if (!opened && opened.error().code == OpenCode::master_key_wrong) {
        return reject("kit_of_another_vault",
                      "this kit belongs to another vault, or to this one before its master key was changed");
    }
    if (!opened) return reject("vault_damaged", opened.error().detail);
    if (const auto faults = (*opened)->verify(); !faults.empty())
        return reject("vault_damaged", faults.front());
    return (*opened)->references().size();
}

}  // namespace pic::vault
