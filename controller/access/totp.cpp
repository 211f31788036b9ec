#include "controller/access/totp.hpp"

#include <fmt/format.h>
#include <liboath/oath.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include "controller/access/random_text.hpp"
#include "schema/sha256.hpp"

namespace pic::access {

using vault::Secret;

namespace {

constexpr std::size_t secret_bytes = 20;
constexpr std::size_t digits = 6;
constexpr std::size_t neighbours = 1;  ///< steps before and after now's
/// As it was made, however it was typed.
std::string plain(std::string_view code) {
    std::string text;
    for (const char c : code) {
        if (c == '-' || c == ' ') continue;
        text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

}  // namespace

Secret make_totp_secret() { return Secret::random(secret_bytes); }

Secret base32(const Secret& secret) {
    char* text = nullptr;
    std::size_t size = 0;
    if (oath_base32_encode(secret.reveal().data(), secret.size(), &text, &size) != OATH_OK) {
        throw std::runtime_error("liboath has no memory");
    }
    auto made = Secret::copy_of({text, size});
    sodium_memzero(text, size);
    free(text);  // NOLINT(cppcoreguidelines-no-malloc): liboath's
    return made;
}

Secret totp_uri(const Secret& secret, std::string_view issuer, std::string_view account) {
    const auto key = base32(secret);
    return Secret::copy_of(
        fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}", issuer, account, key.reveal()));
}

std::optional<std::int64_t> totp_step(const Secret& secret, std::string_view code, Timestamp now) {
    if (code.size() != digits || !std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    const std::string text(code);
    const auto seconds = static_cast<time_t>(std::max<std::int64_t>(now.ms, 0) / 1000);
    int offset = 0;
    const int found =
        oath_totp_validate2(secret.reveal().data(), secret.size(), seconds, OATH_TOTP_DEFAULT_TIME_STEP_SIZE,
                            OATH_TOTP_DEFAULT_START_TIME, neighbours, &offset, text.c_str());
    if (found < 0) return std::nullopt;
    return now.ms / totp_step_ms + offset;
}

RecoveryCodes make_recovery_codes() {
    RecoveryCodes made{{}, Secret(recovery_code_count * sizeof(Digest))};
    for (std::size_t i = 0; i < recovery_code_count; ++i) {
        made.texts.emplace_back(random_groups().reveal());
        const auto hash = sha256(plain(made.texts.back()));
        std::ranges::copy(hash, made.hashes.bytes().begin() + static_cast<std::ptrdiff_t>(i * hash.size()));
    }
    return made;
}

std::optional<Secret> use_recovery_code(const Secret& hashes, std::string_view code) {
    const auto hash = sha256(plain(code));
    const auto all = hashes.reveal();
    for (std::size_t at = 0; at + hash.size() <= all.size(); at += hash.size()) {
        if (sodium_memcmp(all.data() + at, hash.data(), hash.size()) != 0) continue;
        Secret left(all.size() - hash.size());
        std::ranges::copy(all.substr(0, at), left.bytes().begin());
        std::ranges::copy(all.substr(at + hash.size()),
                          left.bytes().begin() + static_cast<std::ptrdiff_t>(at));
        return left;
    }
    return std::nullopt;
}

}  // namespace pic::access
