#include "controller/access/tokens.hpp"

#include <catch2/catch.hpp>

using namespace pic;
using namespace pic::access;

namespace {

constexpr Timestamp now{1'790'000'000'000};
const Uuid id = *parse_uuid("019ab3c2-1234-7abc-8def-0123456789ab");

Token token_for(const NewToken& made, std::vector<std::string> scopes = {"*"}) {
    Token token{.id = id,
                .name = "ci",
                .owner = "alice",
                .scopes = Scopes::parse(scopes).value(),
                .expires_at = {},
                .sources = {}};
    REQUIRE(made.hash.size() == token.hash.size());
    std::ranges::copy(made.hash.reveal(), token.hash.begin());
    return token;
}

Scopes scopes(std::vector<std::string> list) { return Scopes::parse(list).value(); }

}  // namespace

TEST_CASE("a token has the documented form and is never made twice") {
    const NewToken made = make_token(id);
    const std::string text(made.text.reveal());
    CHECK(text.starts_with("pic_019ab3c212347abc8def0123456789ab_"));
    CHECK(text.size() == 80);
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
          std::string::npos);
    CHECK(make_token(id).text.reveal() != text);
    const auto parsed = parse_token(text);
    REQUIRE(parsed.has_value());
    CHECK(parsed->id == id);
    CHECK(made.hash.equals({reinterpret_cast<const char*>(parsed->hash.data()), parsed->hash.size()}));
}

TEST_CASE("anything else is no token") {
    const std::string text(make_token(id).text.reveal());
    CHECK_FALSE(parse_token("").has_value());
    CHECK_FALSE(parse_token("pic_").has_value());
    CHECK_FALSE(parse_token(text + "x").has_value());
    CHECK_FALSE(parse_token(text.substr(0, 79)).has_value());
    std::string wrong = text;
    wrong[4] = 'G';
    CHECK_FALSE(parse_token(wrong).has_value());
    wrong[4] = 'A';  // one spelling only
    CHECK_FALSE(parse_token(wrong).has_value());
    wrong = text;
    wrong[36] = '-';
    CHECK_FALSE(parse_token(wrong).has_value());
    wrong = text;
    wrong[0] = 'P';
    CHECK_FALSE(parse_token(wrong).has_value());
}

TEST_CASE("the table knows the bearer by every character of it") {
    TokenTable table;
    const NewToken made = make_token(id);
    table.put(token_for(made, {"peers:write"}));
    const std::string text(made.text.reveal());
    const auto token = table.verify(text, now);
    REQUIRE(token != nullptr);
    CHECK(token->name == "ci");
    CHECK(token->scopes.allows("peers:read"));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string wrong = text;
        wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
        CHECK(table.verify(wrong, now) == nullptr);
    }
    CHECK(table.verify(make_token(id).text.reveal(), now) == nullptr);
}

TEST_CASE("a token expires, is replaced and is removed") {
    TokenTable table;
    const NewToken made = make_token(id);
    Token token = token_for(made);
    token.expires_at = Timestamp{now.ms + 1000};
    table.put(token);
    CHECK(table.verify(made.text.reveal(), now) != nullptr);
    CHECK(table.verify(made.text.reveal(), Timestamp{now.ms + 999}) != nullptr);
    CHECK(table.verify(made.text.reveal(), Timestamp{now.ms + 1000}) == nullptr);
    token.expires_at.reset();
    table.put(token);
    CHECK(table.size() == 1);
    const auto held = table.verify(made.text.reveal(), Timestamp{now.ms + 1000});
    REQUIRE(held != nullptr);
    table.remove(id);
    CHECK(table.verify(made.text.reveal(), now) == nullptr);
    CHECK(held->name == "ci");  // whoever is being served keeps what they hold
    table.put(token);
    table.clear();
    CHECK(table.size() == 0);
}

TEST_CASE("scopes allow what they say") {
    CHECK(scopes({"*"}).allows("peers:write"));
    CHECK(scopes({"*:read"}).allows("peers:read"));
    CHECK_FALSE(scopes({"*:read"}).allows("peers:write"));
    CHECK(scopes({"*:write"}).allows("peers:write"));
    CHECK(scopes({"peers:write"}).allows("peers:read"));
    CHECK(scopes({"peers:write"}).allows("peers:write"));
    CHECK_FALSE(scopes({"peers:read"}).allows("peers:write"));
    CHECK_FALSE(scopes({"peers:write"}).allows("dns:read"));
    CHECK_FALSE(scopes({"peer:write"}).allows("peers:read"));
    CHECK(scopes({"dns:read", "metrics:read"}).allows("metrics:read"));
    CHECK_FALSE(Scopes().allows("peers:read"));
    CHECK(Scopes::everything().allows("anything:write"));
}

TEST_CASE("nobody hands out more than they hold") {
    CHECK(scopes({"*"}).covers(scopes({"*", "peers:write"})));
    CHECK(scopes({"*:write"}).covers(scopes({"*"})));
    CHECK(scopes({"peers:write", "dns:read"}).covers(scopes({"peers:read", "dns:read"})));
    CHECK_FALSE(scopes({"peers:write"}).covers(scopes({"*"})));
    CHECK_FALSE(scopes({"peers:write"}).covers(scopes({"*:read"})));
    CHECK_FALSE(scopes({"*:read"}).covers(scopes({"peers:write"})));
}

TEST_CASE("what is no scope is refused, with a pointer") {
    for (const char* text : {"", "peers", "peers:", ":read", "peers:delete", "Peers:read", "pe ers:read",
                             "peers:read:x", "**", "*:", "9peers:read", "peers:*", "a\nb:read"}) {
        const std::vector<std::string> list{"dns:read", text};
        const auto parsed = Scopes::parse(list);
        INFO(text);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == "scope_invalid");
        CHECK(parsed.error().errors.at(0).pointer == "/1");
    }
}

TEST_CASE("an address lies in a network of its own family, whatever way it is written") {
    const std::vector<Cidr> lan{*Cidr::parse("192.168.1.0/24")};
    CHECK(is_within(lan, "192.168.1.7"));
    CHECK(is_within(lan, "::ffff:192.168.1.7"));
    for (const auto* elsewhere : {"192.168.2.7", "fd00::1", "192.168.1.7.evil.example", "", "local"})
        CHECK_FALSE(is_within(lan, elsewhere));
    const std::vector<Cidr> own{*Cidr::parse("fd00::/8"), *Cidr::parse("127.0.0.0/8")};
    CHECK(is_within(own, "fd12::1"));
    CHECK(is_within(own, "local"));
    CHECK_FALSE(is_within(own, "10.0.0.1"));
    CHECK_FALSE(is_within({}, "10.0.0.1"));
    Token token = token_for(make_token(id));
    CHECK(token.may_come_from("203.0.113.1"));
    token.sources = lan;
    CHECK_FALSE(token.may_come_from("203.0.113.1"));
}
