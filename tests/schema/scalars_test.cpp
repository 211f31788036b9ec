#include "schema/scalars.hpp"

#include <catch2/catch.hpp>

using namespace pic;

namespace {

template <class T>
void accepts(std::string_view text, std::string_view canonical) {
    CAPTURE(text);
    const auto value = T::parse(text);
    REQUIRE(value);
    CHECK(to_string(*value) == canonical);
    CHECK(T::parse(to_string(*value)) == value);
}

template <class T>
void refuses(std::initializer_list<std::string_view> texts) {
    for (const auto text : texts) {
        CAPTURE(text);
        const auto value = T::parse(text);
        REQUIRE_FALSE(value);
        CHECK_FALSE(value.error().empty());
    }
}

// What peers of this system let through into their config files, and more of the kind.
const std::initializer_list<std::string_view> hostile = {"a\nPostUp = touch /tmp/x",
                                                         "a\r\nb",
                                                         "a b",
                                                         "a;b",
                                                         "a$(id)",
                                                         "a`id`",
                                                         "a\"b",
                                                         "a'b",
                                                         "a{b}",
                                                         "a\\b",
                                                         "../etc",
                                                         "a\tb",
                                                         std::string_view("a\0b", 3),
                                                         "\xe2\x80\xa8",
                                                         "\xc2\x85",
                                                         "a#b",
                                                         "%s%n",
                                                         "\xff\xfe"};

}  // namespace

TEST_CASE("labels and host names") {
    accepts<Label>("Laptop", "laptop");
    accepts<Label>("a", "a");
    accepts<Label>(std::string(63, 'x'), std::string(63, 'x'));
    refuses<Label>({"", "-a", "a-", "a.b", "a_b", std::string(64, 'x')});
    refuses<Label>(hostile);
    accepts<Hostname>("Home.Example", "home.example");
    accepts<Hostname>("m\u00fcnchen.example", "xn--mnchen-3ya.example");
    accepts<Hostname>("localhost", "localhost");
    refuses<Hostname>({"", ".", "a..b", "a.", ".a", "10.0.0.1", "a.1", std::string(254, 'x')});
    refuses<Hostname>(hostile);
}

TEST_CASE("record names may be the apex, a wildcard or begin with an underscore") {
    accepts<RecordName>("@", "@");
    accepts<RecordName>("*", "*");
    accepts<RecordName>("*.Dev", "*.dev");
    accepts<RecordName>("_sip._tcp", "_sip._tcp");
    refuses<RecordName>({"", "a.*", "**", "_", "a..b"});
    refuses<RecordName>(hostile);
}

TEST_CASE("addresses and networks have one spelling") {
    accepts<Ipv4>("10.8.0.2", "10.8.0.2");
    refuses<Ipv4>({"10.8.0", "010.8.0.2", "10.8.0.256", "10.8.0.2 ", "::1", ""});
    accepts<Ipv6>("FD00:0:0:8::2", "fd00:0:0:8::2");
    refuses<Ipv6>({"fd00::%eth0", "::ffff:10.0.0.1", "10.0.0.1", "fd00:::1"});
    accepts<Cidr4>("10.8.0.0/24", "10.8.0.0/24");
    accepts<Cidr4>("0.0.0.0/0", "0.0.0.0/0");
    refuses<Cidr4>({"10.8.0.1/24", "10.8.0.0", "10.8.0.0/33", "10.8.0.0/024", "10.8.0.0/-1", "10.8.0.0/ 8"});
    accepts<Cidr6>("fd00:8::/64", "fd00:8::/64");
    refuses<Cidr6>({"fd00:8::1/64", "fd00:8::/129"});
    accepts<Cidr>("::/0", "::/0");
    CHECK(is_private(*Cidr4::parse("172.16.0.0/12")));
    CHECK_FALSE(is_private(*Cidr4::parse("172.0.0.0/8")));
    CHECK_FALSE(is_private(*Cidr4::parse("8.8.8.0/24")));
    CHECK(is_unique_local(*Cidr6::parse("fd12:3456::/48")));
    CHECK_FALSE(is_unique_local(*Cidr6::parse("2001:db8::/32")));
    const auto net = *Cidr4::parse("10.8.0.0/24");
    CHECK(to_string(net.broadcast()) == "10.8.0.255");
    CHECK(to_string(net.at(2)) == "10.8.0.2");
    CHECK(net.contains(*Ipv4::parse("10.8.0.77")));
    CHECK_FALSE(net.contains(*Ipv4::parse("10.8.1.0")));
    CHECK(to_string(Cidr6::parse("fd00:8::/64")->at(0x1ff)) == "fd00:8::1ff");
    CHECK(Cidr6::parse("fd00:8::/61")->contains(*Ipv6::parse("fd00:8:0:7::1")));
    CHECK_FALSE(Cidr6::parse("fd00:8::/61")->contains(*Ipv6::parse("fd00:8:0:8::1")));
}

TEST_CASE("a WireGuard key is 32 bytes of canonical base64") {
    accepts<WgKey>("q3bAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                   "q3bAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    refuses<WgKey>(
        {"q3bAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", "q3bAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "", "q3b-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="});
    refuses<WgKey>(hostile);
}

TEST_CASE("endpoints and resolvers") {
    accepts<Endpoint>("VPN.example.org:51820", "vpn.example.org:51820");
    accepts<Endpoint>("[2001:db8::1]:51820", "[2001:db8::1]:51820");
    refuses<Endpoint>({"vpn.example.org", "vpn.example.org:0", "vpn.example.org:65536", "2001:db8::1:51820",
                       ":1", "a:1:2"});
    refuses<Endpoint>(hostile);
    accepts<SocketAddress>("9.9.9.9", "9.9.9.9");
    accepts<SocketAddress>("9.9.9.9:5353", "9.9.9.9:5353");
    accepts<SocketAddress>("2620:fe::fe", "2620:fe::fe");
    accepts<SocketAddress>("[2620:fe::fe]:53", "[2620:fe::fe]:53");
    refuses<SocketAddress>({"dns.example", "9.9.9.9:", "[2620:fe::fe]:", ""});
    refuses<SocketAddress>(hostile);
}

TEST_CASE("free text is one clean line") {
    accepts<Text>("Grandma's laptop \u2014 \u00e9", "Grandma's laptop \u2014 \u00e9");
    accepts<Text>("", "");
    refuses<Text>({"a\nb", "a\x7f", "\xe2\x80\xa9", "\xc2\x9f", "\xff", std::string(201, 'x'),
                   std::string_view("\0", 1)});
    accepts<TimeZone>("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires");
    refuses<TimeZone>({"", "/etc/localtime", "a//b"});
    refuses<TimeZone>({"a\nb", "a b", "a;b"});
}

TEST_CASE("e-mail addresses have no quotes, no spaces and one spelling") {
    accepts<EmailAddress>("Alice.Example+news@Home.Example", "alice.example+news@home.example");
    accepts<EmailAddress>("a@b\u00fccher.example", "a@xn--bcher-kva.example");
    CHECK(EmailAddress::parse("alice@home.example")->local_part() == "alice");
    CHECK(EmailAddress::parse("alice@home.example")->domain() == "home.example");
    refuses<EmailAddress>({"", "alice", "@home.example", "alice@", ".a@home.example", "a..b@home.example",
                           "a b@home.example", "\"a\"@home.example", "a@b@", "a@10.0.0.1", "a\n@home.example",
                           "a@home.example\nX"});
    refuses<EmailAddress>(hostile);
}

TEST_CASE("a certificate is base64 of one sequence, and its armour is made of that alone") {
    accepts<CertificateDer>("MAA=", "MAA=");
    refuses<CertificateDer>({"", "MAA", "AAAA", "MA A=", "MAA=\n", "-----BEGIN CERTIFICATE-----"});
    refuses<CertificateDer>(hostile);
    CHECK(to_pem(*CertificateDer::parse("MAA=")) ==
          "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
}
