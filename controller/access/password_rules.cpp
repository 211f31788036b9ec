#include "controller/access/password_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pic::access {

using vault::Secret;

namespace {

/// What people choose most, without decoration. Of two that are one within the other the shorter is enough,
/// where most of a password is made of it.
constexpr std::array common{
    std::string_view("password"),      std::string_view("passwort"),   std::string_view("passphrase"),
    std::string_view("motdepasse"),    std::string_view("contrasena"), std::string_view("wachtwoord"),
    std::string_view("parola"),        std::string_view("letmein"),    std::string_view("welcome"),
    std::string_view("willkommen"),    std::string_view("iloveyou"),   std::string_view("ichliebedich"),
    std::string_view("administrator"), std::string_view("admin"),      std::string_view("changeme"),
    std::string_view("default"),       std::string_view("secret"),     std::string_view("geheim"),
    std::string_view("master"),        std::string_view("dragon"),     std::string_view("monkey"),
    std::string_view("football"),      std::string_view("baseball"),   std::string_view("basketball"),
    std::string_view("superman"),      std::string_view("batman"),     std::string_view("starwars"),
    std::string_view("pokemon"),       std::string_view("princess"),   std::string_view("sunshine"),
    std::string_view("shadow"),        std::string_view("michael"),    std::string_view("jennifer"),
    std::string_view("charlie"),       std::string_view("liverpool"),  std::string_view("arsenal"),
    std::string_view("computer"),      std::string_view("internet"),   std::string_view("google"),
    std::string_view("facebook"),      std::string_view("whatever"),   std::string_view("trustno"),
    std::string_view("freedom"),       std::string_view("hello"),      std::string_view("hallo"),
    std::string_view("qwerty"),        std::string_view("qwertz"),     std::string_view("azerty"),
    std::string_view("zaqxsw"),        std::string_view("qazwsx"),     std::string_view("login"),
    std::string_view("test"),          std::string_view("guest"),      std::string_view("user"),
    std::string_view("root"),          std::string_view("raspberry"),  std::string_view("summer"),
    std::string_view("winter"),        std::string_view("spring"),     std::string_view("autumn"),
    std::string_view("monday"),        std::string_view("january"),    std::string_view("december"),
    std::string_view("samsung"),       std::string_view("blink"),      std::string_view("fuckyou"),
    std::string_view("asshole"),       std::string_view("jesus"),      std::string_view("christ"),
    std::string_view("matrix"),        std::string_view("killer"),     std::string_view("hunter"),
    std::string_view("access"),        std::string_view("flower"),     std::string_view("cheese"),
    std::string_view("cookie"),
};

/// Runs that fingers make, forwards; backwards they are looked for too.
constexpr std::array runs{std::string_view("abcdefghijklmnopqrstuvwxyz"),
                          std::string_view("01234567890123456789"),
                          std::string_view("qwertyuiop"),
                          std::string_view("qwertzuiop"),
                          std::string_view("asdfghjkl"),
                          std::string_view("zxcvbnm"),
                          std::string_view("yxcvbnm"),
                          std::string_view("azertyuiop"),
                          std::string_view("qsdfghjklm"),
                          std::string_view("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"),
                          std::string_view("1q2w3e4r5t6y7u8i9o0p")};

constexpr std::size_t run_min = 4;  ///< shorter runs are in any text
constexpr std::size_t new_characters = 6,
                      new_digits = 12;  ///< what must be left once the known parts are gone

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The letter that a sign stands for in "P4$$w0rd".
char undecorated(char c) {
    switch (c) {
        case '0':
            return 'o';
        case '1':
        case '!':
        case '|':
            return 'i';
        case '3':
            return 'e';
        case '4':
        case '@':
            return 'a';
        case '5':
        case '$':
            return 's';
        case '7':
            return 't';
        default:
            return c;
    }
}

/// How many characters from `at` on follow one of the runs, in either direction.
std::size_t run_length(std::string_view text, std::size_t at) {
    std::size_t longest = 0;
    const auto follow = [&](std::string_view run) {
        for (auto start = run.find(text[at]); start != std::string_view::npos;
             start = run.find(text[at], start + 1)) {
            std::size_t length = 0;
            while (at + length < text.size() && start + length < run.size() &&
                   text[at + length] == run[start + length])
                ++length;
            longest = std::max(longest, length);
        }
    };
    for (const auto run : runs) {
        std::array<char, 64> reversed{};
        std::ranges::reverse_copy(run, reversed.begin());
        follow(run);
        follow({reversed.data(), run.size()});
    }
    return longest;
}

/// How much of the text from `at` on is known beforehand: a common word, a name, a run, or what came just
/// before.
std::size_t known_length(std::string_view plain, std::string_view bare, std::size_t at,
                         std::span<const std::string_view> names) {
    std::size_t known = 0;
    const auto word = [&](std::string_view one) {
        if (one.size() >= run_min - 1 &&
            (bare.substr(at).starts_with(one) || plain.substr(at).starts_with(one))) {
            known = std::max(known, one.size());
        }
    };
    for (const auto one : common) word(one);
    for (const auto one : names) word(one);
    if (const auto run = run_length(plain, at); run >= run_min) known = std::max(known, run);
    for (std::size_t period = 1; period <= at; ++period) {
        std::size_t length = 0;
        while (at + length < plain.size() && plain[at + length] == plain[at + length - period]) ++length;
        if (length >= std::max<std::size_t>(period, 2)) known = std::max(known, length);
    }
    return known;
}

/// The characters that are left once everything known is gone. Digits within words are a year or a counter.
std::size_t surprise(std::string_view plain, std::string_view bare, std::span<const std::string_view> names,
                     bool digits_count) {
    std::size_t left = 0;
    for (std::size_t at = 0; at < plain.size();) {
        const auto known = known_length(plain, bare, at, names);
        if (known == 0 && (digits_count || !is_digit(plain[at]))) ++left;
        at += std::max<std::size_t>(known, 1);
    }
    return left;
}

/// Wherever one is chosen, the field is called so.
}  // namespace

Result<void> check_new_password(const Secret& password, std::span<const std::string_view> names) {
    if (password.size() > password_length_max) {
        return reject_at("password_too_long", "/password",
                         fmt::format("a password has at most {} bytes", password_length_max));
    }
    if (password.size() < password_length_min) {
        return reject_at("password_too_short", "/password",
                         fmt::format("a password has at least {} bytes", password_length_min));
    }
    constexpr std::size_t looked_at = 64;  // a longer one has enough in it, or is a repetition to its end
    const auto size = std::min(password.size(), looked_at);
    Secret plain(size), bare(size);
    std::ranges::transform(password.reveal().substr(0, size), plain.bytes().begin(), lower);
    std::ranges::transform(plain.reveal(), bare.bytes().begin(), undecorated);
    const bool is_number = std::ranges::all_of(plain.reveal(), is_digit);
    if (surprise(plain.reveal(), bare.reveal(), names, is_number) >=
        (is_number ? new_digits : new_characters))
        return {};
    return reject_at(
        "password_common", "/password",
        "this password is among the first that anybody would try: choose one that is not made of "
        "common words, names, repetitions or runs of keys alone");
}

}  // namespace pic::access
